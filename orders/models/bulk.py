"""Changes of many orders at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Project
from orderchainer.core.outbox import FAILED, PENDING, Work, due_index, state_known
from orders.lifecycle import Status

# The most refusals whose reasons a row keeps; it counts all of them.
MAX_REASONS = 100


class BulkState(models.TextChoices):
    """The state of a change of many orders."""

    RUNNING = PENDING, "running"
    DONE = "done"
    # It stopped before the last order; `last_error` says why.
    STOPPED = FAILED, "stopped"


class BulkChange(Work):
    """Many orders that one person moves, or assigns to somebody, each by itself.

    `orders` lists them in the sequence of the work, each as its id and the version that the person
    has seen, or None. The first `position` of them have been tried. Each try writes the order and
    its result here in one transaction, so that no crash loses a result or tries an order twice.
    """

    State = BulkState
    DONE: ClassVar = State.DONE
    # It is never dropped.
    DROPPED: ClassVar = State.STOPPED
    # In a row, on the same order. Each order that was tried starts the count anew.
    MAX_ATTEMPTS: ClassVar = 4
    FIRST_DELAY_SECONDS: ClassVar = 1
    MAX_DELAY_SECONDS: ClassVar = 30

    class Action(models.TextChoices):
        """What is done with the orders."""

        MOVE = "move"
        ASSIGN = "assign"

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="bulk_changes", db_index=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # A request that is sent twice has the same key and the same digest.
    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    action = models.CharField(max_length=6, choices=Action.choices)
    # Where to move them.
    status = models.CharField(max_length=10, choices=Status.choices, blank=True)
    # Who shall care for them; nobody if empty.
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    orders = models.JSONField(default=list)
    total = models.PositiveIntegerField()
    position = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    # The first refusals: the order's id and the reason.
    refusals = models.JSONField(default=list, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["by", "key"], name="bulk_unique_by_key"),
            state_known("bulk_state_known", BulkState),
            models.CheckConstraint(
                condition=Q(action="move") & Q(status__in=Status.values)
                | Q(action="assign") & Q(status=""),
                name="bulk_move_has_status",
            ),
            models.CheckConstraint(
                condition=Q(position__lte=F("total")) & Q(changed__lte=F("position")),
                name="bulk_counts_fit",
            ),
        ]
        indexes: ClassVar = [
            due_index("bulk_due"),
            models.Index(fields=["project", "state"], name="bulk_by_project"),
            # Old ones are deleted.
            models.Index(fields=["finished_at"], name="bulk_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.total} orders"

    @property
    def is_running(self) -> bool:
        """Whether there is more to do."""
        return bool(self.state == PENDING)

    @property
    def refused(self) -> int:
        """How many orders were refused."""
        return self.position - self.changed

    @property
    def unnamed(self) -> int:
        """How many refusals there are beyond those whose reasons are kept."""
        return self.refused - len(self.refusals)

    @property
    def left(self) -> int:
        """How many orders have not been tried."""
        return self.total - self.position

    def numbers(self) -> Iterator[int]:
        """Return the ids of its orders."""
        return (order_id for order_id, _version in self.orders)
