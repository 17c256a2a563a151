"""Schedules of reports in the back office: which there are, and what went wrong."""

from django.contrib import admin

from orderchainer.core.admin.filters import PickFilter
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin
from reports.models import ReportSchedule


@admin.register(ReportSchedule)
class ReportScheduleAdmin(ReadOnly, ServiceAdmin):
    """Schedules, newest first. Members of their projects make and change them."""

    icon = "event_repeat"
    list_display = (
        "uuid",
        "project",
        "report_type",
        "frequency",
        "is_active",
        "next_first",
        "next_last",
        "last_error",
    )
    list_filter = ("is_active", "frequency", "report_type", ("project", PickFilter))
    list_select_related = ("project",)
    search_fields = ("project__name", "last_error")
    search_help_text = "A project, or a part of an error"
    ordering = ("-id",)
    fields = (
        "uuid",
        "project",
        "report_type",
        "frequency",
        "filters",
        "told",
        "by_email",
        "by_discord",
        "is_active",
        "next_first",
        "next_last",
        "last_error",
        "created_by",
        "created_at",
    )
    readonly_fields = fields

    @admin.display(description="recipients")
    def told(self, schedule: ReportSchedule) -> str:
        """The members who get the reports, by their addresses."""
        emails = schedule.recipients.order_by("user__email").values_list("user__email", flat=True)
        return ", ".join(emails) or "-"
