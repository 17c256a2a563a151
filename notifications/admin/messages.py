"""Messages in the back office: what they say, and the story of their delivery."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from accounts.callers import caller_of
from notifications.admin.shown import (
    STATUS_COLOURS,
    conversation_link,
    excerpt_of,
    name_of,
    text_of,
)
from notifications.models import Message
from notifications.services import retry_message
from orderchainer.core.admin.filters import DaysFilter, PickFilter
from orderchainer.core.admin.panels import MAX_ROWS, Panel, label, panel_of
from orderchainer.core.admin.picking import is_value_of
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.admin.service_admin import MAX_SEARCHED_CHARACTERS, ReadOnly, ServiceAdmin
from orderchainer.core.printable import printable


@admin.register(Message)
class MessageAdmin(ReadOnly, ServiceAdmin):
    """Messages in both directions, newest first. Those that failed can be sent again."""

    icon = "chat"
    list_display = (
        "written_at",
        "contact_shown",
        "project",
        "channel",
        "direction",
        "excerpt",
        "status_shown",
        "error_shown",
    )
    list_filter = (
        "direction",
        "status",
        "channel",
        ("project", PickFilter),
        ("created_at", DaysFilter),
    )
    list_select_related = ("conversation__contact", "project")
    search_fields = ("provider_id",)
    search_help_text = "The complete id of a message, ours or the provider's"
    ordering = ("-id",)
    fields = (
        "uuid",
        "conversation_shown",
        "project",
        "channel",
        "direction",
        "content_type",
        "content_shown",
        "details",
        "order",
        "author",
        "ai_generated",
        "sentiment",
        "urgency",
        "is_read",
        "read_at",
        "status_shown",
        "error_code",
        "error_shown",
        "provider_id",
        "written_at",
        "edited_at",
        "created_at",
    )
    readonly_fields = fields
    actions = ("retry",)
    change_form_outer_after_template = "admin/panels.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Read what the pages show with the messages."""
        messages: QuerySet[Message] = super().get_queryset(request)
        return messages.select_related("conversation__contact", "project", "order", "author")

    @admin.display(description="contact")
    def contact_shown(self, message: Message) -> str:
        """The name of the contact."""
        return name_of(message.conversation.contact)

    @admin.display(description="conversation")
    def conversation_shown(self, message: Message) -> SafeString:
        """The conversation, with a link to its page."""
        return conversation_link(message.conversation)

    @admin.display(description="text")
    def excerpt(self, message: Message) -> str:
        """The beginning of the text."""
        return excerpt_of(message.content)

    @admin.display(description="text")
    def content_shown(self, message: Message) -> SafeString:
        """The whole text."""
        return text_of(message.content)

    @display(description="status", ordering="status", label=STATUS_COLOURS)
    def status_shown(self, message: Message) -> str:
        """How far it got."""
        return str(message.status)

    @admin.display(description="error")
    def error_shown(self, message: Message) -> str:
        """Why it failed."""
        return printable(message.error)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the story of the delivery, the files and earlier texts under the fields."""
        if (message := kwargs.get("obj")) is not None:
            context["panels"] = [
                _calls_for(message),
                _reports_on(message),
                _files_of(message),
                _versions_of(message),
            ]
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[Any, bool]:
        """Search by the whole id only: searching the texts of all projects would take too long."""
        term = search_term.strip().replace("\x00", "")[: 2 * MAX_SEARCHED_CHARACTERS]
        if not term:
            return queryset, False
        wanted = Q(provider_id=term)
        if is_value_of(Message._meta.get_field("uuid"), term):
            wanted |= Q(uuid=term)
        return queryset.filter(wanted), False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Require the permission that the service requires."""
        return request.user.has_perm("notifications.change_conversation")

    @admin.action(description="Send again", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Queue the selected messages once more, if they failed or may not have arrived."""
        by = caller_of(request)
        self.do_each(
            request,
            queryset,
            lambda message: retry_message(message=message, by=by),
            done="Queued again",
        )


def _calls_for(message: Message) -> Panel:
    return panel_of(
        "Calls to the provider",
        ("part", "state", "attempts", "the provider's id", "last error", "finished"),
        (
            (
                str(send.part),
                label(str(send.state), STATUS_COLOURS),
                str(send.attempts),
                printable(send.provider_id),
                printable(send.last_error),
                moment(send.finished_at),
            )
            for send in message.sends.order_by("pk")[: MAX_ROWS + 1]
        ),
        "Nothing was sent.",
    )


def _reports_on(message: Message) -> Panel:
    return panel_of(
        "What the provider reported",
        ("status", "at", "heard", "code", "error"),
        (
            (
                label(str(report.status), STATUS_COLOURS),
                moment(report.reported_at),
                moment(report.created_at),
                printable(report.error_code),
                printable(report.error),
            )
            for report in message.reports.order_by("pk")[: MAX_ROWS + 1]
        ),
        "Nothing yet.",
    )


def _files_of(message: Message) -> Panel:
    return panel_of(
        "Files",
        ("name", "type", "size", "state", "last error"),
        (
            (
                printable(file.filename),
                file.media_type,
                "" if file.size is None else f"{file.size:,}",
                label(str(file.state), STATUS_COLOURS),
                printable(file.last_error),
            )
            for file in message.attachments.order_by("pk")[: MAX_ROWS + 1]
        ),
        "No files.",
    )


def _versions_of(message: Message) -> Panel:
    return panel_of(
        "What it said before",
        ("until", "text"),
        (
            (moment(version.replaced_at), text_of(version.content))
            for version in message.versions.order_by("pk")[: MAX_ROWS + 1]
        ),
        "It was never changed.",
    )
