"""Sync runs in the back office: what was fetched, and what went wrong."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from integrations.admin.shown import WORD_COLOURS, integration_link
from integrations.models import SyncRun
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnly, ServiceAdmin):
    """Syncs, newest first. To sync again, use the page of the integration."""

    icon = "sync"
    list_display = (
        "uuid",
        "integration_shown",
        "word_shown",
        "trigger",
        "since",
        "seen",
        "created",
        "changed",
        "refused",
        "last_error",
        "created_at",
        "finished_at",
    )
    list_filter = ("state", "trigger", ("integration", PickFilter), ("created_at", DaysFilter))
    list_select_related = ("integration",)
    search_fields = ("integration__account", "last_error", "refusal")
    search_help_text = "An account, or a part of an error"
    ordering = ("-id",)
    fields = (
        "uuid",
        "integration_shown",
        "word_shown",
        "trigger",
        "requested_by",
        "since",
        "seen",
        "created",
        "changed",
        "refused",
        "refusal",
        "attempts",
        "next_attempt_at",
        "last_error",
        "cursor",
        "created_at",
        "started_at",
        "finished_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncRun]:
        """Read the integrations without their secrets."""
        runs: QuerySet[SyncRun] = super().get_queryset(request)
        return runs.select_related("integration").defer(
            "integration__secrets", "integration__old_secrets"
        )

    @admin.display(description="integration", ordering="integration")
    def integration_shown(self, run: SyncRun) -> SafeString:
        """The integration, with a link to its page."""
        return integration_link(run.integration)

    @display(description="status", ordering="state", label=WORD_COLOURS)
    def word_shown(self, run: SyncRun) -> str:
        """The state in the words that people see."""
        return run.word
