"""Reports in the back office: which were asked for, and what went wrong."""

from collections.abc import Mapping

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin
from reports.models import Report

WORD_COLOURS: Mapping[str, str] = {"generating": "info", "ready": "success", "failed": "danger"}


@admin.register(Report)
class ReportAdmin(ReadOnly, ServiceAdmin):
    """Reports, newest first. Members of their projects ask for them and delete them."""

    icon = "lab_profile"
    list_display = (
        "uuid",
        "project",
        "report_type",
        "word_shown",
        "start_at",
        "end_at",
        "last_error",
        "created_at",
        "finished_at",
    )
    list_filter = ("state", "report_type", ("project", PickFilter), ("created_at", DaysFilter))
    list_select_related = ("project",)
    search_fields = ("project__name", "last_error")
    search_help_text = "A project, or a part of an error"
    ordering = ("-id",)
    fields = (
        "uuid",
        "project",
        "report_type",
        "word_shown",
        "start_at",
        "end_at",
        "timezone",
        "filters",
        "requested_by",
        "summary",
        "payload",
        "attempts",
        "next_attempt_at",
        "last_error",
        "created_at",
        "finished_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        """Read the payload only on the page of one report."""
        reports: QuerySet[Report] = super().get_queryset(request)
        return reports.select_related("project").defer("payload")

    @display(description="status", ordering="state", label=WORD_COLOURS)
    def word_shown(self, report: Report) -> str:
        """The state in the words that people see."""
        return report.word
