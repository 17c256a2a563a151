"""One pass over what changed at a provider."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from integrations.models.integrations import Integration
from orderchainer.core.outbox import FAILED, MAX_ERROR_LENGTH, PENDING, Work, due_index, state_known


class RunState(models.TextChoices):
    """The state of a run. A queued run that has started is shown as running."""

    QUEUED = PENDING, "queued"
    DONE = "done"
    FAILED = FAILED
    CANCELLED = "cancelled"


class SyncRun(Work):
    """One sync of an integration, done in slices: a worker that dies costs one page.

    At most one run of an integration waits or runs at a time.
    """

    class Trigger(models.TextChoices):
        """Why the run was made."""

        CONNECTED = "connected"
        PERSON = "person"
        SCHEDULE = "schedule"

    State = RunState
    DONE: ClassVar = State.DONE
    DROPPED: ClassVar = State.CANCELLED
    # Attempts that failed in a row. Slices and waits that the provider asks for are no failures.
    MAX_ATTEMPTS: ClassVar = 8
    # A first import can take days.
    MAX_DAYS: ClassVar = 7
    FIRST_DELAY_SECONDS: ClassVar = 5
    MAX_DELAY_SECONDS: ClassVar = 10 * 60

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    trigger = models.CharField(max_length=9, choices=Trigger.choices)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Ask for what changed from here on; empty asks for everything that the provider shows.
    since = models.DateTimeField(null=True, blank=True)
    # When the first slice began. `last_sync` becomes this once all pages are stored.
    started_at = models.DateTimeField(null=True, blank=True)
    # Where the next slice goes on. Only the provider's package understands it.
    cursor = models.JSONField(default=dict, blank=True)
    seen = models.PositiveIntegerField(default=0, help_text="Objects that the provider sent.")
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0, help_text="Objects that we could not store.")
    # Why the first of these could not be stored, as a sentence.
    refusal = models.CharField(max_length=MAX_ERROR_LENGTH, blank=True)

    class Meta:
        constraints: ClassVar = [
            state_known("sync_run_state_known", RunState),
            models.UniqueConstraint(
                fields=["integration"],
                condition=Q(state=PENDING),
                name="sync_run_one_at_a_time",
            ),
        ]
        indexes: ClassVar = [
            due_index("sync_run_due"),
            models.Index(fields=["integration", "id"], name="sync_run_by_integration"),
        ]

    def __str__(self) -> str:
        return f"sync {self.pk} of integration {self.integration_id}"

    @property
    def word(self) -> str:
        """The state as people see it: queued, running, done, failed or cancelled."""
        if self.state == PENDING:
            return "running" if self.started_at else "queued"
        return str(self.state)
