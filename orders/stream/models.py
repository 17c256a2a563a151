"""Everything that happens, in one stream without gaps, and its deliveries to subscribers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Abs
from django.utils import timezone

from orderchainer.core.outbox import Outgoing, due_index, state_known

# The kind of subject that events about orders have.
ORDER = "order"

# The index of all positions is on this expression, which never differs from the position. So
# the index serves only reads of the whole stream, and events of one project or owner are found by
# their own indexes. With an index on the position, PostgreSQL would take it for a project that has
# many of the events, and walk through the events of all others since that project's last one.
PLACE = Abs("position")


class EventQuerySet(models.QuerySet["Event"]):
    """Parts of the stream."""

    def of_orders(self) -> EventQuerySet:
        """Keep the events about orders, which an order's customer may see."""
        return self.filter(subject_kind=ORDER)

    def after(self, position: int) -> EventQuerySet:
        """Return the events of all projects after a position, in the stream's order."""
        # The index leaves out the events without a position. SQLite uses it only if told so.
        placed = self.annotate(place=PLACE).filter(position__isnull=False)
        return placed.filter(place__gt=position).order_by("place")


class Event(models.Model):
    """Something that happened in a project. Events are the audit log and the outbox in one.

    Services write it in the transaction of the change. It never changes again, except that the
    relay sets `position` once and that a customer's data can be erased from `data`. It outlives
    what it is about, so its ids have no foreign key constraints.
    """

    event_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # One of the registered types (`orders.stream.types`). The database takes any, so that an app
    # can add types of its own.
    type = models.CharField(max_length=32)
    # What it is about. Every kind of subject has UUIDs.
    subject_kind = models.CharField(max_length=32)
    subject_uuid = models.UUIDField()
    order = models.ForeignKey(
        "orders.Order",
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="events",
        help_text="The order that it is about or belongs to, if any.",
    )
    owner_id = models.BigIntegerField(
        null=True, help_text="The owner of the order, if there is one."
    )
    project_id = models.BigIntegerField()
    actor_id = models.BigIntegerField(
        null=True, help_text="The user who did it; empty if the chain did."
    )
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The place in the stream of all events, from 1, without gaps; empty until the relay sees the
    # event.
    position = models.BigIntegerField(null=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(subject_kind=ORDER) | Q(order__isnull=False, owner_id__isnull=False),
                name="event_of_order_has_order_and_owner",
            ),
            models.CheckConstraint(
                condition=~Q(subject_kind=""), name="event_subject_kind_not_empty"
            ),
            # The index leaves out events without a position. Their dead entries would stay in it
            # until a vacuum, and the relay would read through them at each pass.
            models.UniqueConstraint(
                PLACE, condition=Q(position__isnull=False), name="event_place_unique"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["order", "id"], name="event_by_order"),
            models.Index(fields=["owner_id", "position"], name="event_by_owner_position"),
            models.Index(fields=["project_id", "position"], name="event_by_project_position"),
            models.Index(fields=["id"], condition=Q(position=None), name="event_not_relayed"),
            # Those about orders are found by their order.
            models.Index(
                fields=["subject_uuid", "id"],
                condition=~Q(subject_kind=ORDER),
                name="event_by_subject",
            ),
        ]

    def __str__(self) -> str:
        if self.is_of_order:
            return f"event {self.type} of #{self.order_id}"
        return f"event {self.type} of {self.subject_kind} {self.subject_uuid}"

    @property
    def is_of_order(self) -> bool:
        """Whether it is about an order, and not only linked to one."""
        return self.subject_kind == ORDER


class EventStream(models.Model):
    """The stream's last position, in one row that the relays lock in turn."""

    last_position = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="event_stream_single_row")
        ]

    def __str__(self) -> str:
        return f"stream at {self.last_position}"


# The longest name that a subscriber may give a target.
MAX_TARGET_LENGTH = 64


class DeliveryTargetQuerySet(models.QuerySet["DeliveryTarget"]):
    """Targets of subscribers."""

    def available(self, now: datetime) -> DeliveryTargetQuerySet:
        """Keep targets to which a worker may deliver: not busy and not paused."""
        return self.exclude(busy_until__gt=now).exclude(paused_until__gt=now)


class DeliveryTarget(models.Model):
    """One place to which a subscriber's deliveries go. Only the subscriber knows what it means.

    One worker at a time delivers to a target, so that a target that hangs holds one worker at most.
    The relay makes the row with the target's first delivery.
    """

    subscriber = models.CharField(max_length=64)
    target = models.CharField(max_length=MAX_TARGET_LENGTH, blank=True)
    # When the lease of the delivery in flight ends. A worker recognises by it that the target is
    # still its own.
    busy_until = models.DateTimeField(null=True, blank=True)
    # How many times in a row the target did not answer in time, and the end of its pause.
    timeouts = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True, blank=True)

    objects = DeliveryTargetQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscriber", "target"], name="delivery_target_unique")
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} {self.target}"


class EventDelivery(Outgoing):
    """One event on its way to one target of a subscriber."""

    MAX_ATTEMPTS: ClassVar = 10
    FIRST_DELAY_SECONDS: ClassVar = 5
    MAX_DELAY_SECONDS: ClassVar = 30 * 60

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    # The event's subject: deliveries about one subject to one target go out one after the other.
    subject_uuid = models.UUIDField()
    subscriber = models.CharField(max_length=64)
    target = models.CharField(max_length=MAX_TARGET_LENGTH, blank=True)

    class Meta:
        verbose_name_plural = "event deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event", "subscriber", "target"],
                name="delivery_unique_by_event_and_target",
            ),
            state_known("delivery_state_known"),
        ]
        indexes: ClassVar = [
            due_index("delivery_due"),
            # What is next for a target?
            models.Index(
                fields=["subscriber", "target", "next_attempt_at", "id"],
                condition=Q(state="pending"),
                name="delivery_due_by_target",
            ),
            # Is an earlier delivery about the same subject still on its way there?
            models.Index(
                fields=["subscriber", "target", "subject_uuid", "id"],
                condition=Q(state="pending"),
                name="delivery_lane",
            ),
            models.Index(fields=["state", "subscriber"], name="delivery_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.subscriber}: {self.state}"
