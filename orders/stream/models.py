"""Everything that happens, in one gapless stream, and its way to those who subscribe."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from orderchainer.core.outbox import Outgoing, due_index, state_known

# The kind of subject that events about orders have.
ORDER = "order"


class EventQuerySet(models.QuerySet["Event"]):
    """Parts of the stream."""

    def of_orders(self) -> EventQuerySet:
        """Keep the events about orders: what an order's customer may hear of."""
        return self.filter(subject_kind=ORDER)


class Event(models.Model):
    """Something that happened in a project: the audit log and the outbox in one.

    Services write it in the transaction of the change. Nobody changes it again, except that the relay
    sets `position` once. It outlives what it is about, so its ids have no foreign key constraints.
    """

    event_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # One of the registered types (`orders.stream.types`). The database takes any, so that an app can
    # add types of its own.
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
        null=True, help_text="The user who did it; empty where the chain did."
    )
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The place in the gapless stream of all events, from 1; empty until the relay saw the commit.
    position = models.BigIntegerField(null=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(subject_kind=ORDER)
                | Q(order__isnull=False, owner_id__isnull=False),
                name="event_of_order_has_order_and_owner",
            ),
            models.CheckConstraint(
                condition=~Q(subject_kind=""), name="event_subject_kind_not_empty"
            ),
            # The index leaves out events without a position. Their dead entries would stay in it until
            # a vacuum, and the relay would read through them at each pass.
            models.UniqueConstraint(
                fields=["position"],
                condition=Q(position__isnull=False),
                name="event_position_unique",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["order", "id"], name="event_by_order"),
            models.Index(
                fields=["owner_id", "position"], name="event_by_owner_position"
            ),
            models.Index(
                fields=["project_id", "position"], name="event_by_project_position"
            ),
            models.Index(
                fields=["id"], condition=Q(position=None), name="event_not_relayed"
            ),
        ]

    def __str__(self) -> str:
        if self.is_of_order:
            return f"{self.type} of #{self.order_id}"
        return f"{self.type} of {self.subject_kind} {self.subject_uuid}"

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


class EventDelivery(Outgoing):
    """One event on its way to one subscriber."""

    MAX_ATTEMPTS: ClassVar = 10
    FIRST_DELAY_SECONDS: ClassVar = 5
    MAX_DELAY_SECONDS: ClassVar = 30 * 60

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="deliveries"
    )
    # The event's subject: deliveries about one subject to one subscriber go out one after the other.
    subject_uuid = models.UUIDField()
    subscriber = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "event deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event", "subscriber"],
                name="delivery_unique_by_event_and_subscriber",
            ),
            state_known("delivery_state_known"),
        ]
        indexes: ClassVar = [
            due_index("delivery_due"),
            models.Index(
                fields=["subscriber", "subject_uuid", "id"],
                condition=Q(state="pending"),
                name="delivery_lane",
            ),
            models.Index(fields=["state", "subscriber"], name="delivery_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.subscriber}: {self.state}"
