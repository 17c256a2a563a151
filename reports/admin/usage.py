"""Calls of the API in the back office, day by day."""

from django.contrib import admin

from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin
from reports.models import ApiCalls


@admin.register(ApiCalls)
class ApiCallsAdmin(ReadOnly, ServiceAdmin):
    """Counts of calls, newest first. The ids are those of projects and users."""

    icon = "monitoring"
    list_display = ("day", "project_id", "user_id", "token", "surface", "calls")
    list_filter = ("surface", "day")
    search_fields = ("token",)
    search_help_text = "The id of an API token, in hexadecimal"
    ordering = ("-day", "project_id", "user_id")
    fields = list_display
    readonly_fields = fields
