"""Contacts in the back office: who they are, where they are reached, and blocking them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.callers import caller_of
from notifications.admin.shown import conversation_link, name_of, text_of
from notifications.models import Contact
from notifications.services import set_blocked
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.panels import MAX_ROWS, Panel, panel_of
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin
from orderchainer.core.printable import printable


@admin.register(Contact)
class ContactAdmin(ReadOnly, ServiceAdmin):
    """The customers of projects, newest first."""

    icon = "contacts"
    list_display = (
        "name_shown",
        "project",
        "language",
        "blocked_shown",
        "stopped_at",
        "created_at",
    )
    list_filter = ("is_blocked", ("project", PickFilter), ("created_at", DaysFilter))
    list_select_related = ("project",)
    search_fields = ("name", "addresses__number", "addresses__username")
    search_help_text = "A name, or a part of a number"
    ordering = ("-id",)
    fields = (
        "uuid",
        "name_shown",
        "project",
        "language",
        "notes_shown",
        "blocked_shown",
        "stopped_at",
        "created_at",
        "updated_at",
    )
    readonly_fields = fields
    actions = ("block", "unblock")
    change_form_outer_after_template = "admin/panels.html"

    @admin.display(description="name", ordering="name")
    def name_shown(self, contact: Contact) -> str:
        """The name, which may come from outside."""
        return name_of(contact)

    @admin.display(description="notes")
    def notes_shown(self, contact: Contact) -> SafeString:
        """What members wrote about the contact."""
        return text_of(contact.notes)

    @display(description="blocked", ordering="is_blocked", label={"blocked": "danger"})
    def blocked_shown(self, contact: Contact) -> str | None:
        """Whether the contact is blocked."""
        return "blocked" if contact.is_blocked else None

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show addresses and conversations under the fields."""
        if (contact := kwargs.get("obj")) is not None:
            context["panels"] = [_addresses_of(contact), _conversations_of(contact)]
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def has_block_permission(self, request: HttpRequest) -> bool:
        """Require the permission that the service requires."""
        return request.user.has_perm("notifications.change_conversation")

    @admin.action(description="Block", permissions=["block"])
    def block(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        """Stop showing what the selected contacts write."""
        self._set_blocked(request, queryset, is_blocked=True, done="Blocked")

    @admin.action(description="Unblock", permissions=["block"])
    def unblock(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        """Show what the selected contacts write from now on."""
        self._set_blocked(request, queryset, is_blocked=False, done="Unblocked")

    def _set_blocked(
        self, request: HttpRequest, queryset: QuerySet[Contact], *, is_blocked: bool, done: str
    ) -> None:
        by = caller_of(request)
        self.do_each(
            request,
            queryset.select_related("project"),
            lambda contact: set_blocked(contact=contact, is_blocked=is_blocked, by=by),
            done=done,
        )


def _addresses_of(contact: Contact) -> Panel:
    return panel_of(
        "Where to reach them",
        ("channel", "number", "username", "the provider's id", "out of reach since"),
        (
            (
                each.channel,
                each.phone or each.number,
                printable(each.username),
                printable(each.provider_id),
                moment(each.unreachable_since),
            )
            for each in contact.addresses.order_by("pk")[: MAX_ROWS + 1]
        ),
    )


def _conversations_of(contact: Contact) -> Panel:
    talks = contact.conversations.select_related("contact").order_by("-last_activity_at")
    return panel_of(
        "Conversations",
        ("conversation", "status", "unread", "last activity"),
        (
            (
                conversation_link(each),
                str(each.status),
                str(each.unread),
                moment(each.last_activity_at),
            )
            for each in talks[: MAX_ROWS + 1]
        ),
        "Nothing has been said yet.",
    )
