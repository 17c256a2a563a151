"""Everything that happens, in one gapless stream, and its way to those who subscribe."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from orders.lifecycle import EventType


class Event(models.Model):
    """Something that happened to an order: the audit log and the outbox in one.

    Written by services in the transaction of the change and never changed again, but for `position`,
    which the relay sets once. It outlives its order, hence the foreign keys without a constraint.
    """

    event_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    type = models.CharField(max_length=32, choices=EventType.choices)
    order = models.ForeignKey(
        "orders.Order",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="events",
    )
    owner_id = models.BigIntegerField()
    project_id = models.BigIntegerField()
    actor_id = models.BigIntegerField(
        null=True, help_text="The user who did it; empty where the chain did."
    )
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The place in the gapless stream of all events, from 1; empty until the relay saw the commit.
    position = models.BigIntegerField(null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            # Without the events that have none yet. Their entries would stay in the index, dead, until a
            # vacuum, and the relay would look through them at each pass.
            models.UniqueConstraint(
                fields=["position"],
                condition=Q(position__isnull=False),
                name="event_position_unique",
            )
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
        return f"{self.type} of #{self.order_id}"


class EventStream(models.Model):
    """The stream's last position, in one row that relays lock in turn."""

    last_position = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="event_stream_single_row")
        ]

    def __str__(self) -> str:
        return f"stream at {self.last_position}"


class EventDelivery(models.Model):
    """One event on its way to one subscriber.

    The row is the truth, the task a nudge: what is due is found here by `next_attempt_at`. A worker
    claims a row by moving that time past its lease, so that a crash gives the row back by itself.
    """

    class State(models.TextChoices):
        """How the delivery stands."""

        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped"

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="deliveries"
    )
    # The event's order: deliveries of one order to one subscriber go out one after the other.
    order_id = models.BigIntegerField()
    subscriber = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # When it was asked for, by the event or, last, by hand: it is tried for a day from then.
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "event deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event", "subscriber"],
                name="delivery_unique_by_event_and_subscriber",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sent", "failed", "dropped"]),
                name="delivery_state_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state="pending"),
                name="delivery_due",
            ),
            models.Index(
                fields=["subscriber", "order_id", "id"],
                condition=Q(state="pending"),
                name="delivery_lane",
            ),
            models.Index(fields=["state", "subscriber"], name="delivery_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.subscriber}: {self.state}"
