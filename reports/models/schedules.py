"""Schedules: which reports a project gets by itself, and which periods have had theirs."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from accounts.models import Membership, Project
from orderchainer.core.days import start_of
from orderchainer.core.outbox import MAX_ERROR_LENGTH
from reports.models.reports import MAX_TYPE_LENGTH, Report
from reports.turns import ONE_DAY, last_day


class Frequency(models.TextChoices):
    """How often a schedule makes a report. Weeks begin on Monday."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class ReportSchedule(models.Model):
    """A report that is made again for each day, week or month, once that has ended.

    The days are those of the project's zone as it is then, so no moment is stored.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="report_schedules")
    # One of the registered builders (`reports.builders`).
    report_type = models.CharField(max_length=MAX_TYPE_LENGTH)
    frequency = models.CharField(max_length=7, choices=Frequency.choices)
    filters = models.JSONField(default=dict, blank=True)
    # A member who leaves the project is no longer a recipient.
    recipients = models.ManyToManyField(Membership, related_name="+", blank=True)
    by_email = models.BooleanField(default=True)
    by_discord = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    # The period that is next: its first day, and its last.
    next_first = models.DateField()
    next_last = models.DateField()
    # Why the last report was not made, or failed; empty if all is well.
    last_error = models.CharField(max_length=MAX_ERROR_LENGTH, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(frequency__in=["daily", "weekly", "monthly"]),
                name="report_schedule_frequency_known",
            ),
            models.CheckConstraint(
                condition=Q(by_email=True) | Q(by_discord=True),
                name="report_schedule_goes_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(next_first__lte=models.F("next_last")),
                name="report_schedule_period_not_empty",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_last"], condition=Q(is_active=True), name="report_schedule_due"
            ),
            models.Index(fields=["project", "id"], name="report_schedule_by_project"),
        ]

    def __str__(self) -> str:
        return f"{self.frequency} {self.report_type} report of {self.project}"

    @property
    def channels(self) -> list[str]:
        """The ways by which recipients are told."""
        return [
            *(["email"] if self.by_email else []),
            *(["discord"] if self.by_discord else []),
        ]

    @property
    def due_at(self) -> datetime:
        """When the next period ends, in UTC."""
        return start_of(self.next_last + ONE_DAY, self.project.zone)

    def begin(self, first: date) -> None:
        """Make the period that begins on `first` the next one."""
        self.next_first, self.next_last = first, last_day(self.frequency, first)


class ScheduledReport(models.Model):
    """A period of a schedule that has had its report. The row outlives a report that is deleted."""

    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="made")
    first_day = models.DateField()
    report = models.OneToOneField(
        Report, on_delete=models.SET_NULL, null=True, related_name="scheduled"
    )
    # How often the report was built anew after it had failed.
    retries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["schedule", "first_day"], name="scheduled_report_once_by_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} from {self.first_day}"
