"""A report: what was asked, and the figures as they were then."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Project
from orderchainer.core.days import Stretch
from orderchainer.core.outbox import FAILED, PENDING, Work, due_index, state_known
from orderchainer.core.zones import zone_named
from reports.payloads import Payload, read

MAX_TYPE_LENGTH = 32


class ReportState(models.TextChoices):
    """The state of a report."""

    GENERATING = PENDING, "generating"
    READY = "ready"
    FAILED = FAILED


class Report(Work):
    """A report of a project, built once by a worker. Its figures never change after that.

    It keeps the time zone in which its days were cut, so it stays as it is if the project moves.
    """

    State = ReportState
    DONE: ClassVar = State.READY
    # A report is never dropped: deleting it deletes the row.
    DROPPED: ClassVar = State.FAILED
    MAX_ATTEMPTS: ClassVar = 3
    FIRST_DELAY_SECONDS: ClassVar = 2
    MAX_DELAY_SECONDS: ClassVar = 30

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="reports")
    state = models.CharField(max_length=9, choices=State.choices, default=State.GENERATING)
    # One of the registered builders (`reports.builders`).
    report_type = models.CharField(max_length=MAX_TYPE_LENGTH)
    start_at = models.DateTimeField(help_text="The first moment of the period.")
    end_at = models.DateTimeField(help_text="The first moment after the period.")
    timezone = models.CharField(max_length=64)
    filters = models.JSONField(default=dict, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Empty until it is ready.
    summary = models.TextField(blank=True)
    # JSON as text, which keeps the decimals of amounts: 12500.50 and not 12500.5.
    payload = models.TextField(blank=True)
    schema_version = models.PositiveSmallIntegerField(default=0)
    # How often customers were erased from it; see `reports.work.forgetting`.
    erasures = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints: ClassVar = [
            state_known("report_state_known", ReportState),
            models.CheckConstraint(
                condition=Q(start_at__lt=F("end_at")), name="report_period_not_empty"
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | ~Q(payload=""), name="report_ready_has_payload"
            ),
        ]
        indexes: ClassVar = [
            due_index("report_due"),
            models.Index(fields=["project", "-id"], name="report_by_project"),
            # Failed reports, some of which are tried again.
            models.Index(fields=["finished_at"], condition=Q(state=FAILED), name="report_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.report_type} report {self.uuid}"

    @property
    def word(self) -> str:
        """The state as people see it: generating, ready or failed."""
        return "generating" if self.state == PENDING else str(self.state)

    @property
    def figures(self) -> Payload:
        """The payload as values, with amounts as Decimal. Empty until the report is ready."""
        return read(self.payload) if self.payload else {}

    @property
    def period(self) -> Stretch:
        """The moments that it is about."""
        return Stretch(self.start_at, self.end_at, zone_named(self.timezone))
