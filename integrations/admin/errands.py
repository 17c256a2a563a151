"""Errands in the back office: checks, upkeep and goodbyes."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from integrations.admin.shown import WORD_COLOURS, integration_link
from integrations.models import Errand
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin
from orderchainer.core.outbox import PENDING


@admin.register(Errand)
class ErrandAdmin(ReadOnly, ServiceAdmin):
    """Calls to providers outside of syncs, newest first."""

    icon = "checklist"
    list_display = (
        "id",
        "integration_shown",
        "kind",
        "state_shown",
        "attempts",
        "next_attempt",
        "last_error",
        "created_at",
        "finished_at",
    )
    list_filter = ("state", "kind", ("integration", PickFilter), ("created_at", DaysFilter))
    list_select_related = ("integration",)
    search_fields = ("integration__account", "last_error")
    search_help_text = "An account, or a part of the last error"
    ordering = ("-id",)
    fields = (
        "integration_shown",
        "kind",
        "state_shown",
        "attempts",
        "next_attempt",
        "last_error",
        "created_at",
        "finished_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Errand]:
        """Read neither the errands' secrets nor those of the integrations."""
        errands: QuerySet[Errand] = super().get_queryset(request)
        return errands.select_related("integration").defer(
            "secrets", "integration__secrets", "integration__old_secrets"
        )

    @admin.display(description="integration", ordering="integration")
    def integration_shown(self, errand: Errand) -> SafeString:
        """The integration, with a link to its page."""
        return integration_link(errand.integration)

    @display(description="state", ordering="state", label=WORD_COLOURS)
    def state_shown(self, errand: Errand) -> str:
        """The state, or that a worker is trying it."""
        return "being tried" if errand.is_in_flight else str(errand.state)

    @admin.display(description="next attempt", ordering="next_attempt_at")
    def next_attempt(self, errand: Errand) -> str:
        """When it is tried next, if at all."""
        return moment(errand.next_attempt_at if errand.state == PENDING else None)
