"""How the back office shows conversations. It shows what customers write as text, never as HTML."""

from collections.abc import Mapping

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from notifications.models import Contact, Conversation, Message
from notifications.models.messages import Direction
from orderchainer.core.admin.panels import Panel, label, link
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.printable import printable

STATUS_COLOURS: Mapping[str, str] = {
    "open": "info",
    "snoozed": "warning",
    "closed": "success",
    "received": "info",
    "queued": "info",
    "pending": "info",
    "sent": "info",
    "delivered": "success",
    "read": "success",
    "stored": "success",
    "uncertain": "warning",
    "failed": "danger",
    "dropped": "danger",
}
MAX_SHOWN_MESSAGES = 200
EXCERPT_LENGTH = 80


def text_of(content: str) -> SafeString:
    """Return a text with its line breaks, and with nothing that hides or turns characters."""
    lines = "\n".join(printable(line) for line in content.splitlines())
    return format_html('<span class="whitespace-pre-wrap">{}</span>', lines)


def excerpt_of(content: str) -> str:
    """Return the beginning of a text in one line."""
    line = printable(" ".join(content.split()))
    return line if len(line) <= EXCERPT_LENGTH else f"{line[:EXCERPT_LENGTH]}…"


def name_of(contact: Contact) -> str:
    """Return what to call a contact."""
    return printable(contact.name) or "(no name)"


def contact_link(contact: Contact) -> SafeString:
    """Return a link to a contact's page."""
    return link(reverse("admin:notifications_contact_change", args=[contact.pk]), name_of(contact))


def conversation_link(conversation: Conversation) -> SafeString:
    """Return a link to the page of a conversation, by the name of its contact."""
    url = reverse("admin:notifications_conversation_change", args=[conversation.pk])
    return link(url, f"{conversation.channel}: {name_of(conversation.contact)}")


def message_link(message: Message) -> SafeString:
    """Return a link to a message's page, by when it was written."""
    url = reverse("admin:notifications_message_change", args=[message.pk])
    return link(url, moment(message.written_at))


def thread_of(conversation: Conversation) -> Panel:
    """List the last messages of a conversation, the oldest first, in one statement."""
    last = conversation.messages.select_related("author", "order").order_by("-written_at", "-id")
    messages = list(last[: MAX_SHOWN_MESSAGES + 1])
    title = "What was said"
    if len(messages) > MAX_SHOWN_MESSAGES:
        title = f"The last {MAX_SHOWN_MESSAGES} messages"
    return Panel(
        title,
        ("written", "by", "kind", "text", "status", "order"),
        [
            (
                message_link(message),
                _writer_of(message, conversation.contact),
                str(message.content_type),
                text_of(message.content),
                label(str(message.status), STATUS_COLOURS),
                str(message.order) if message.order else "",
            )
            for message in reversed(messages[:MAX_SHOWN_MESSAGES])
        ],
        "Nothing has been said yet.",
    )


def _writer_of(message: Message, contact: Contact) -> str:
    if message.direction == Direction.INBOUND:
        return name_of(contact)
    return message.author.email if message.author else "a rule of the project"
