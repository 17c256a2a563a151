"""Outgoing e-mails in the back office: their state, and trying again."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts import services
from accounts.mail.letters import KINDS
from accounts.models import OutgoingEmail
from orderchainer.core.admin.filters import DaysFilter
from orderchainer.core.admin.panels import data_of
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin

_COLOURS: Mapping[str, str] = {
    OutgoingEmail.State.PENDING: "info",
    OutgoingEmail.State.SENT: "success",
    OutgoingEmail.State.FAILED: "danger",
}


class KindFilter(admin.SimpleListFilter):
    """Filter by kind. Each app has kinds of its own."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Offer all kinds."""
        return [(kind, kind) for kind in KINDS]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutgoingEmail]
    ) -> QuerySet[OutgoingEmail]:
        """Narrow the list."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(OutgoingEmail)
class OutgoingEmailAdmin(ReadOnly, ServiceAdmin):
    """E-mails, newest first. Their texts, codes and links were never stored."""

    icon = "outgoing_mail"
    list_display = (
        "kind",
        "recipient",
        "state_shown",
        "attempts",
        "next_attempt",
        "last_error",
        "created_at",
    )
    list_filter = ("state", KindFilter, ("created_at", DaysFilter))
    search_fields = ("recipient", "last_error")
    search_help_text = "An address, or a part of the last error"
    ordering = ("-id",)
    fields = (
        "kind",
        "recipient",
        "state_shown",
        "attempts",
        "next_attempt",
        "last_error",
        "payload",
        "created_at",
        "expires_at",
        "finished_at",
    )
    readonly_fields = ("state_shown", "next_attempt", "payload", "created_at")
    actions = ("retry",)

    @display(description="state", ordering="state", label=_COLOURS)
    def state_shown(self, email: OutgoingEmail) -> str:
        """The state of sending."""
        return email.state

    @admin.display(description="next attempt", ordering="next_attempt_at")
    def next_attempt(self, email: OutgoingEmail) -> str:
        """When it is tried next, if at all."""
        is_pending = email.state == OutgoingEmail.State.PENDING
        return moment(email.next_attempt_at if is_pending else None)

    @admin.display(description="data")
    def payload(self, email: OutgoingEmail) -> SafeString:
        """The data for its text."""
        return data_of(email.data)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Staff who may change e-mails may retry them. There is nothing else to change."""
        return request.user.has_perm("accounts.change_outgoingemail")

    @admin.action(description="Retry now", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[OutgoingEmail]) -> None:
        """Make the selected e-mails due now, except those sent, expired or being sent."""
        selected = list(queryset.values_list("pk", flat=True))
        due = services.retry_emails(selected)
        if due:
            self.message_user(request, f"Due now: {due}.", messages.SUCCESS)
        if left := len(selected) - due:
            self.message_user(
                request,
                f"Already sent, being sent or expired, so not retried: {left}.",
                messages.WARNING,
            )
