"""What members want to hear of, and the e-mails that told them, in the back office."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display

from notifications.models import Digest, NotificationPreference
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.panels import MAX_ROWS, Panel, panel_of
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin


@admin.register(NotificationPreference)
class NotificationPreferenceAdmin(ReadOnly, ServiceAdmin):
    """What members chose. Each changes their own; without a row the default applies."""

    icon = "notifications"
    list_display = ("membership", "kind", "way", "is_on", "updated_at")
    list_filter = ("kind", "way", "is_on", ("membership__project", PickFilter))
    list_select_related = ("membership__project",)
    ordering = ("-id",)
    fields = ("membership", "kind", "way", "is_on", "updated_at")
    readonly_fields = fields


@admin.register(Digest)
class DigestAdmin(ReadOnly, ServiceAdmin):
    """E-mails that tell members what is new, newest first, with what each one tells of."""

    icon = "outgoing_mail"
    list_display = ("membership", "created_at", "closed_at", "email_state", "entries_counted")
    list_filter = (("membership__project", PickFilter), ("created_at", DaysFilter))
    list_select_related = ("membership__project", "email")
    ordering = ("-id",)
    fields = ("membership", "email", "email_state", "created_at", "closed_at")
    readonly_fields = fields
    change_form_outer_after_template = "admin/panels.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Digest]:
        """Count the entries with the rows."""
        return super().get_queryset(request).annotate(entry_count=Count("entries"))

    @display(description="state of the e-mail")
    def email_state(self, digest: Digest) -> str:
        """Show what became of the e-mail. Its row is deleted after a while."""
        return digest.email.state if digest.email else ""

    @display(description="entries")
    def entries_counted(self, digest: Digest) -> Any:
        """Show of how many events it tells."""
        return digest.entry_count  # type: ignore[attr-defined]  # annotated

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show what it tells of."""
        if (digest := kwargs.get("obj")) is not None:
            context["panels"] = [_entries_of(digest)]
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response


def _entries_of(digest: Digest) -> Panel:
    return panel_of(
        "What it tells of",
        ("event", "kind", "at", "conversation", "order"),
        (
            (
                entry.event_type,
                entry.kind,
                moment(entry.created_at),
                str(entry.conversation_id or ""),
                f"#{entry.order_id}" if entry.order_id else "",
            )
            for entry in digest.entries.order_by("pk")[: MAX_ROWS + 1]
        ),
        "Nothing.",
    )
