"""Conversations and messages as pages show them.

What customers wrote is text. `linked` is the only function that makes HTML of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import Urlizer
from django.utils.safestring import SafeString, mark_safe

from accounts.models import Project
from accounts.naming import called
from notifications.channels import CHANNELS
from notifications.files import SHOWN
from notifications.models import Conversation
from notifications.models.messages import ContentType, Direction, FileState, MessageStatus
from notifications.services.refetching import REFETCHED
from notifications.services.retrying import RETRIED
from orderchainer.core.db.prepared import Row

# What a message is if it has no text.
KINDS = {
    ContentType.TEXT: "Message",
    ContentType.TEMPLATE: "Template",
    ContentType.IMAGE: "Picture",
    ContentType.DOCUMENT: "Document",
    ContentType.AUDIO: "Voice message",
    ContentType.VIDEO: "Video",
    ContentType.STICKER: "Sticker",
    ContentType.LOCATION: "Location",
    ContentType.CONTACTS: "Contact card",
    ContentType.BUTTON: "Button",
    ContentType.SYSTEM: "Note",
    ContentType.UNSUPPORTED: "A kind of message that cannot be shown here",
}
FILE_STATES = {
    FileState.PENDING: "is being fetched",
    FileState.FAILED: "could not be fetched",
    FileState.DROPPED: "was not kept",
}
BY_A_RULE = "Automatic message"


class _Linking(Urlizer):
    """Makes links of addresses in texts that strangers wrote."""

    url_template = '<a href="{href}" rel="noopener nofollow ugc">{url}</a>'


_linking = _Linking()


def linked(text: str) -> SafeString:
    """Return a text of a stranger as HTML: escaped, with links."""
    return mark_safe(_linking(text, autoescape=True))  # it escapes each word


def channel_label(channel: str) -> str:
    """Return what people call a channel."""
    return CHANNELS[channel].label if channel in CHANNELS else channel.capitalize()


def name_in(row: Row) -> str:
    """Return what people call the contact of a row: the name, or how to reach them."""
    number = row["contact_phone"] or (f"+{row['contact_number']}" if row["contact_number"] else "")
    username = f"@{row['contact_username']}" if row["contact_username"] else ""
    return str(row["contact_name"] or username or number or "Somebody")


def assignee_in(row: Row) -> str:
    """Return the name of the assignee of a row, or nothing if nobody is assigned."""
    if row["assignee_uuid"] is None:
        return ""
    return called(row["assignee_name"], row["assignee_email"])


# --- Conversations ----------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownConversation:
    """A conversation in a list."""

    uuid: UUID
    name: str
    url: str
    channel: str
    status: str
    snoozed_until: datetime | None
    unread: int
    waiting_since: datetime | None
    last_activity_at: datetime
    assignee: str
    excerpt: str
    is_ours: bool

    @property
    def is_open(self) -> bool:
        """Whether somebody has to look at it."""
        return self.status == Conversation.Status.OPEN


def shown_conversation(project: Project, row: Row, query: str = "") -> ShownConversation:
    """Return a row of conversations as pages show it. `query` has the filters of the list."""
    last = row["last"][0] if row["last"] else None
    url = conversation_address(project, row["uuid"])
    return ShownConversation(
        uuid=row["uuid"],
        name=name_in(row),
        url=f"{url}?{query}" if query else url,
        channel=channel_label(row["channel"]),
        status=row["status"],
        snoozed_until=row["snoozed_until"],
        unread=row["unread"],
        waiting_since=row["waiting_since"],
        last_activity_at=row["last_activity_at"],
        assignee=assignee_in(row),
        excerpt=_excerpt(last) if last else "No messages yet",
        is_ours=last is not None and last["direction"] == Direction.OUTBOUND,
    )


def conversation_address(project: Project, uuid: UUID | str) -> str:
    """Return the address of the page of a conversation."""
    return reverse("conversation", kwargs={"project_id": project.uuid, "conversation_id": uuid})


def _excerpt(last: Mapping[str, Any]) -> str:
    kind = KINDS[ContentType(last["content_type"])]
    text = " ".join(last["content"].split())
    if last["content_type"] in {ContentType.TEXT, ContentType.BUTTON, ContentType.SYSTEM}:
        return text or kind
    return f"{kind}: {text}" if text else kind


# --- Messages ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownFile:
    """A file of a message. `url` is empty while it is not stored; `state` then says why."""

    uuid: UUID
    name: str
    url: str
    size: str
    is_picture: bool
    state: str
    error: str
    may_be_fetched: bool


@dataclass(frozen=True)
class ShownMessage:
    """A message in the log of a conversation."""

    uuid: UUID
    is_ours: bool
    is_note: bool
    by: str
    at: datetime
    place: str
    kind: str
    text: SafeString
    facts: Sequence[str]
    files: Sequence[ShownFile]
    answers: str
    order: str
    order_url: str
    status: str
    error: str
    # Why it has not gone out yet, if that is not only because of those before it.
    waits_for: str
    may_be_retried: bool
    is_by_assistant: bool
    emoji: str
    is_edited: bool
    is_deleted: bool
    mood: Sequence[str]
    conversation_url: str
    customer: str


def shown_message(project: Project, row: Row) -> ShownMessage:
    """Return a message that a query for pages has read as the log shows it."""
    is_ours = row["direction"] == Direction.OUTBOUND
    kind = ContentType(row["content_type"])
    number = row["order_number"]
    return ShownMessage(
        uuid=row["uuid"],
        is_ours=is_ours,
        is_note=kind == ContentType.SYSTEM,
        by=_author_of(row) if is_ours else name_in(row),
        at=row["written_at"],
        place=f"{row['written_at'].timestamp():.6f}-{row['place']}",
        kind="" if kind in {ContentType.TEXT, ContentType.SYSTEM} else KINDS[kind],
        text=linked(row["content"]),
        facts=_facts_of(kind, row["details"]),
        files=[_file(project, each) for each in row["files"]],
        answers=_answered(row),
        order=f"#{number} {row['order_title']}" if number else "",
        # Only the name of its page: this app does not draw orders.
        order_url=reverse("order-page", kwargs={"project_id": project.uuid, "number": number})
        if number
        else "",
        status=row["status"] if is_ours else "",
        error=row["error"] or row["error_code"] if row["status"] in RETRIED else "",
        waits_for=row["error"] if row["status"] == MessageStatus.QUEUED else "",
        may_be_retried=is_ours and row["status"] in RETRIED,
        is_by_assistant=row["ai_generated"],
        emoji=row["emoji"] or "",
        is_edited=row["edited_at"] is not None,
        is_deleted=row["deleted_at"] is not None,
        mood=_mood_of(row),
        conversation_url=conversation_address(project, row["conversation_uuid"]),
        customer=name_in(row),
    )


def _author_of(row: Row) -> str:
    if row["author_uuid"] is None:
        return BY_A_RULE
    name = f"{row['author_first_name']} {row['author_last_name']}"
    return called(name, str(row["author_email"]))


def _answered(row: Row) -> str:
    if row["reply_to_uuid"] is None:
        return ""
    return row["answered"] or KINDS[ContentType(row["answered_type"])]


def _facts_of(kind: ContentType, details: Mapping[str, Any]) -> Sequence[str]:
    """Return what a kind of message has besides its text."""
    match kind:
        case ContentType.TEMPLATE:
            told = [str(details.get("name", ""))]
            for field in ("header_parameters", "parameters", "button_parameters"):
                told += _texts_in(details.get(field))
        case ContentType.LOCATION:
            places = [details.get("latitude"), details.get("longitude")]
            told = [str(details.get("address") or "")]
            told.append(", ".join(str(each) for each in places if each is not None))
        case ContentType.CONTACTS:
            cards = details.get("contacts")
            told = [_card(each) for each in cards] if isinstance(cards, list) else []
        case _:
            told = []
    return [each for each in told if each]


def _texts_in(given: object) -> list[str]:
    values = list(given.values()) if isinstance(given, Mapping) else given
    return [str(each) for each in values] if isinstance(values, list) else []


def _card(card: object) -> str:
    if not isinstance(card, Mapping):
        return ""
    phones = card.get("phones")
    numbers = [str(each) for each in phones] if isinstance(phones, list) else []
    return ", ".join(filter(None, [str(card.get("name") or ""), *numbers]))


def _mood_of(row: Row) -> Sequence[str]:
    words = []
    if row["sentiment"]:
        words.append(f"Sounds {row['sentiment']}")
    if row["urgency"]:
        words.append(f"{row['urgency'].capitalize()} urgency")
    return words


def _file(project: Project, file: Mapping[str, Any]) -> ShownFile:
    uuid, state = UUID(file["uuid"]), FileState(file["state"])
    is_stored = state == FileState.STORED
    link = file["link"] or ""
    url = link or reverse("inbox-file", kwargs={"project_id": project.uuid, "attachment_id": uuid})
    return ShownFile(
        uuid=uuid,
        name=file["filename"] or (link if link else "File"),
        url=url if is_stored else "",
        size=filesizeformat(file["size"]) if file["size"] else "",
        is_picture=is_stored and not link and file["media_type"] in SHOWN,
        state=FILE_STATES.get(state, ""),
        error="" if is_stored else file["error"],
        may_be_fetched=state in REFETCHED and bool(file["error"]),
    )
