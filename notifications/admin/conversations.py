"""Conversations in the back office: what was said, and closing, opening and reading them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.callers import caller_of
from notifications.admin.shown import STATUS_COLOURS, contact_link, name_of, thread_of
from notifications.models import Conversation
from notifications.services import change_conversation, mark_conversation_read
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import ReadOnly, ServiceAdmin


@admin.register(Conversation)
class ConversationAdmin(ReadOnly, ServiceAdmin):
    """Conversations of projects with their customers, the last active first."""

    icon = "forum"
    is_main = True
    list_display = (
        "contact_shown",
        "channel",
        "project",
        "status_shown",
        "unread",
        "assignee",
        "last_activity_at",
    )
    list_filter = (
        "status",
        "channel",
        ("project", PickFilter),
        ("last_activity_at", DaysFilter),
    )
    list_select_related = ("contact", "project", "assignee")
    search_fields = ("contact__name", "address__number", "address__username")
    search_help_text = "The name of a contact, or a part of a number"
    ordering = ("-last_activity_at", "-id")
    # Two in a line, so that the messages below are in sight.
    fields = (
        ("contact_linked", "channel"),
        ("status_shown", "unread"),
        ("assignee", "snoozed_until"),
        ("last_activity_at", "window_shown"),
        ("project", "line"),
        ("uuid", "created_at"),
    )
    readonly_fields = tuple(name for pair in fields for name in pair)
    actions = ("open", "close", "mark_read")
    change_form_outer_after_template = "admin/panels.html"

    @admin.display(description="contact", ordering="contact__name")
    def contact_shown(self, conversation: Conversation) -> str:
        """The name of the contact."""
        return name_of(conversation.contact)

    @admin.display(description="contact")
    def contact_linked(self, conversation: Conversation) -> SafeString:
        """The contact, with a link to its page."""
        return contact_link(conversation.contact)

    @display(description="status", ordering="status", label=STATUS_COLOURS)
    def status_shown(self, conversation: Conversation) -> str:
        """Whether somebody has to look at it."""
        return str(conversation.status)

    @admin.display(description="window until")
    def window_shown(self, conversation: Conversation) -> str:
        """Until when we may write freely to the address to which answers go."""
        return moment(conversation.address.window_until)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the messages under the fields, to those who may read messages."""
        conversation = kwargs.get("obj")
        if conversation is not None and request.user.has_perm("notifications.view_message"):
            context["panels"] = [thread_of(conversation)]
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Require the permission that the services require."""
        return request.user.has_perm("notifications.change_conversation")

    @admin.action(description="Open", permissions=["send"])
    def open(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        """Open the selected conversations."""
        self._set_status(request, queryset, "open", done="Opened")

    @admin.action(description="Close", permissions=["send"])
    def close(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        """Close the selected conversations. They open again when the customer writes."""
        self._set_status(request, queryset, "closed", done="Closed")

    @admin.action(description="Mark as read", permissions=["send"])
    def mark_read(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        """Mark all messages of the selected conversations as read."""
        by = caller_of(request)
        self.do_each(
            request,
            queryset,
            lambda conversation: mark_conversation_read(conversation=conversation, by=by),
            done="Marked as read",
        )

    def _set_status(
        self, request: HttpRequest, queryset: QuerySet[Conversation], status: str, *, done: str
    ) -> None:
        by = caller_of(request)
        self.do_each(
            request,
            queryset,
            lambda conversation: change_conversation(
                conversation=conversation, by=by, changes={"status": status}
            ),
            done=done,
        )
