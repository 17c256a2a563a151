"""Reads of a project's conversations, contacts and messages."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Value
from django.db.models import Window as Over
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Cast, Concat, JSONObject, Left

from accounts.models import Project
from notifications.errors import (
    AttachmentNotFound,
    ContactNotFound,
    ConversationNotFound,
    MessageNotFound,
    RuleNotFound,
)
from notifications.models import (
    Attachment,
    Contact,
    ContactAddress,
    Conversation,
    Message,
    NotificationRule,
    RuleOutcome,
)
from orderchainer.core.db.prepared import Row, compiled, prepared
from orderchainer.core.ids import uuid_in
from orderchainer.core.windows import Window
from orders.graph import ListOf

_FILES = Attachment.objects.filter(message=OuterRef("pk")).order_by("pk")
MESSAGE_FIELDS = (
    *("uuid", "direction", "channel", "content_type", "content", "details", "status"),
    *("error_code", "error", "is_read", "ai_generated", "sentiment", "urgency"),
    *("created_at", "written_at", "edited_at", "deleted_at"),
)


def messages_of(project: Project) -> QuerySet[Message]:
    """Return all messages of a project."""
    return Message.objects.filter(project=project)


def without_blocked(messages: QuerySet[Message], project: Project) -> QuerySet[Message]:
    """Leave out the messages of conversations with blocked contacts."""
    # Their project is the contact's too. Named there, it lets an index find the few blocked ones.
    blocked = Conversation.objects.filter(contact__project=project, contact__is_blocked=True)
    return messages.exclude(conversation__in=blocked.values("pk"))


def rows_of(messages: QuerySet[Message], **more: Any) -> QuerySet[Message, Row]:
    """Return messages with everything that we show beside them, in one statement.

    `more` are further columns by name.
    """
    rows: QuerySet[Message, Row] = messages.values(
        *MESSAGE_FIELDS,
        order_uuid=F("order__uuid"),
        conversation_uuid=F("conversation__uuid"),
        contact_name=F("conversation__contact__name"),
        contact_phone=F("address__phone"),
        contact_number=F("address__number"),
        contact_username=F("address__username"),
        author_uuid=F("author__uuid"),
        author_first_name=F("author__first_name"),
        author_last_name=F("author__last_name"),
        reply_to_uuid=F("reply_to__uuid"),
        emoji=F("reaction__emoji"),
        files=ListOf(
            _FILES.values(
                item=JSONObject(
                    uuid=Cast("uuid", CharField()),
                    filename="filename",
                    media_type="media_type",
                    size="size",
                    state="state",
                    link="link",
                )
            )
        ),
        **more,
    )
    return rows


@prepared
def _rows_among(ids: RawSQL, *, ordering: Sequence[str | Combinable]) -> QuerySet[Message, Row]:
    return rows_of(Message.objects.filter(pk__in=ids).order_by(*ordering))


def listed(messages: QuerySet[Message], window: Window) -> tuple[list[Row], int]:
    """Return the rows of `window`, and how many messages there are in all: two statements.

    `messages` must be ordered. The first statement finds the ids and the total. The second reads
    what belongs to these messages. If it had a subquery instead of the ids, PostgreSQL would join
    all messages first, because it does not reorder that many joins.
    """
    found = compiled(messages.order_by().values("pk"))
    total = RawSQL(f"SELECT count(*) FROM ({found.sql}) AS found", found.params)
    page = messages.annotate(total=total).values_list("pk", "total")
    ids = list(page[window.skip : window.skip + window.limit])
    if not ids:
        return [], messages.order_by().count() if window.skip else 0
    chosen = RawSQL(", ".join(["%s"] * len(ids)), [pk for pk, _ in ids])
    return _rows_among(chosen, ordering=messages.query.order_by), ids[0][1]


def row_for(project: Project, message_id: UUID | str) -> Row:
    """Return a message of the project as `rows_of` does. Raises `MessageNotFound`."""
    uuid = uuid_in(message_id)
    found = rows_of(messages_of(project).filter(uuid=uuid)).first() if uuid else None
    if found is None:
        raise MessageNotFound
    return found


def message_for(project: Project, message_id: UUID | str) -> Message:
    """Return a message of the project with its conversation. Raises `MessageNotFound`."""
    uuid = uuid_in(message_id)
    found = messages_of(project).select_related("conversation").filter(uuid=uuid or UUID(int=0))
    if message := found.first():
        return message
    raise MessageNotFound


# --- Conversations ----------------------------------------------------------------------------

# How much of the last message a list shows.
EXCERPT_LENGTH = 200
_LAST = Message.objects.filter(conversation=OuterRef("pk")).order_by("-written_at", "-id")
CONVERSATION_FIELDS = (
    *("pk", "uuid", "channel", "line", "status", "snoozed_until", "unread"),
    *("last_activity_at", "waiting_since", "created_at", "updated_at"),
)


def conversations_of(project: Project) -> QuerySet[Conversation]:
    """Return the conversations of a project."""
    return Conversation.objects.filter(project=project)


def conversation_rows_of(
    conversations: QuerySet[Conversation], **more: Any
) -> QuerySet[Conversation, Row]:
    """Return conversations with the contact, the assignee and the last message, as plain rows.

    `more` are further columns by name.
    """
    rows: QuerySet[Conversation, Row] = conversations.values(
        *CONVERSATION_FIELDS,
        contact_uuid=F("contact__uuid"),
        contact_name=F("contact__name"),
        contact_is_blocked=F("contact__is_blocked"),
        contact_phone=F("address__phone"),
        contact_number=F("address__number"),
        contact_username=F("address__username"),
        window_until=F("address__window_until"),
        assignee_uuid=F("assignee__uuid"),
        assignee_name=Concat("assignee__first_name", Value(" "), "assignee__last_name"),
        assignee_email=F("assignee__email"),
        last=ListOf(
            _LAST.values(
                item=JSONObject(
                    uuid=Cast("uuid", CharField()),
                    direction="direction",
                    content_type="content_type",
                    content=Left("content", EXCERPT_LENGTH),
                )
            )[:1]
        ),
        **more,
    )
    return rows


@prepared
def _conversation_rows_among(
    ids: QuerySet[Conversation, Any], *, ordering: Sequence[str | Combinable]
) -> QuerySet[Conversation, Row]:
    return conversation_rows_of(Conversation.objects.filter(pk__in=ids).order_by(*ordering))


def listed_conversations(
    conversations: QuerySet[Conversation], window: Window
) -> tuple[list[Row], int]:
    """Return the rows of `window`, and how many there are in all: two statements at most."""
    ordering = conversations.query.order_by
    page = conversations.values("pk")[window.skip : window.skip + window.limit]
    rows = _conversation_rows_among(page, ordering=ordering)
    total = window.total_if_known(len(rows))
    return rows, conversations.order_by().count() if total is None else total


def unread_conversations(project: Project, *, limit: int) -> tuple[list[Row], int]:
    """Return the conversations with unread messages, and how many there are, in one statement.

    The one in which nothing has happened for the longest time comes first. Conversations with
    blocked contacts are left out.
    """
    rows = list(
        conversation_rows_of(_unread(project))
        .annotate(total=Over(Count("*")))
        .order_by("last_activity_at", "id")[:limit]
    )
    return rows, rows[0]["total"] if rows else 0


def count_unread(project: Project, *, most: int) -> int:
    """Return how many `unread_conversations` there are, counted up to `most`."""
    return _unread(project).order_by()[:most].count()


def _unread(project: Project) -> QuerySet[Conversation]:
    return conversations_of(project).filter(unread__gt=0, contact__is_blocked=False)


def conversation_row_for(project: Project, conversation_id: UUID | str) -> Row:
    """Return a conversation of the project as a plain row. Raises `ConversationNotFound`."""
    uuid = uuid_in(conversation_id)
    found = conversation_rows_of(conversations_of(project).filter(uuid=uuid)) if uuid else []
    for row in found:
        return row
    raise ConversationNotFound


def conversation_for(project: Project, conversation_id: UUID | str) -> Conversation:
    """Return a conversation of the project. Raises `ConversationNotFound`."""
    uuid = uuid_in(conversation_id)
    found = conversations_of(project).filter(uuid=uuid).first() if uuid else None
    if found is None:
        raise ConversationNotFound
    return found


# --- Contacts ---------------------------------------------------------------------------------

_ADDRESSES = ContactAddress.objects.filter(contact=OuterRef("pk")).order_by("pk")
_THREADS = Conversation.objects.filter(contact=OuterRef("pk")).order_by("pk")
CONTACT_FIELDS = (
    *("pk", "uuid", "name", "language", "notes", "is_blocked", "stopped_at"),
    *("created_at", "updated_at"),
)


def contacts_of(project: Project) -> QuerySet[Contact]:
    """Return the contacts of a project."""
    return Contact.objects.filter(project=project)


def contact_rows_of(contacts: QuerySet[Contact]) -> QuerySet[Contact, Row]:
    """Return contacts with their addresses and conversations as plain rows."""
    rows: QuerySet[Contact, Row] = contacts.values(
        *CONTACT_FIELDS,
        places=ListOf(
            _ADDRESSES.values(
                item=JSONObject(
                    channel="channel",
                    line=Cast("line", CharField()),
                    phone="phone",
                    number="number",
                    username="username",
                    provider_id="provider_id",
                    is_reachable=Q(unreachable_since__isnull=True),
                )
            )
        ),
        threads=ListOf(
            _THREADS.values(item=JSONObject(uuid=Cast("uuid", CharField()), channel="channel"))
        ),
    )
    return rows


@prepared
def _contact_rows_among(
    ids: QuerySet[Contact, Any], *, ordering: Sequence[str | Combinable]
) -> QuerySet[Contact, Row]:
    return contact_rows_of(Contact.objects.filter(pk__in=ids).order_by(*ordering))


def listed_contacts(contacts: QuerySet[Contact], window: Window) -> tuple[list[Row], int]:
    """Return the rows of `window`, and how many there are in all: two statements at most.

    The ids come first. Otherwise PostgreSQL would collect the addresses of all the contacts that a
    later page skips.
    """
    page = contacts.values("pk")[window.skip : window.skip + window.limit]
    rows = _contact_rows_among(page, ordering=contacts.query.order_by)
    total = window.total_if_known(len(rows))
    return rows, contacts.order_by().count() if total is None else total


def contact_row_for(project: Project, contact_id: UUID | str) -> Row:
    """Return a contact of the project as a plain row. Raises `ContactNotFound`."""
    uuid = uuid_in(contact_id)
    for row in contact_rows_of(contacts_of(project).filter(uuid=uuid)) if uuid else []:
        return row
    raise ContactNotFound


def contact_for(project: Project, contact_id: UUID | str) -> Contact:
    """Return a contact of the project. Raises `ContactNotFound`."""
    uuid = uuid_in(contact_id)
    found = contacts_of(project).filter(uuid=uuid).first() if uuid else None
    if found is None:
        raise ContactNotFound
    return found


# --- Files, and searching ---------------------------------------------------------------------


def attachment_for(project: Project, attachment_id: UUID | str) -> Attachment:
    """Return a file of the project. Raises `AttachmentNotFound`."""
    uuid = uuid_in(attachment_id)
    found = Attachment.objects.filter(message__project=project, uuid=uuid) if uuid else []
    for attachment in found:
        return attachment
    raise AttachmentNotFound


def found_by_text(messages: QuerySet[Message], text: str, *, project: Project) -> QuerySet[Message]:
    """Keep the project's messages that contain `text`, and those with a contact whose name does.

    A part of a phone number also finds contacts by their number. The conversations are found first,
    because comparing names at each of their messages takes longer than reading the messages.
    """
    talks = conversations_found(conversations_of(project), text)
    return messages.filter(Q(content__icontains=text) | Q(conversation__in=talks.values("pk")))


def with_customer(messages: QuerySet[Message], text: str) -> QuerySet[Message]:
    """Keep the messages with customers who have `text` in their name, username or number."""
    return messages.filter(_is_with(text, "conversation__"))


def conversations_found(conversations: QuerySet[Conversation], text: str) -> QuerySet[Conversation]:
    """Keep the conversations with contacts who have `text` in their name or number."""
    return conversations.filter(_is_with(text))


def contacts_found(
    contacts: QuerySet[Contact], text: str, *, project: Project
) -> QuerySet[Contact]:
    """Keep the project's contacts who have `text` in their name, username or number."""
    reached = Q(username__icontains=text)
    if digits := _digits_of(text):
        reached |= Q(number__contains=digits)
    # Without the project, this would read the addresses of all projects.
    mine = ContactAddress.objects.filter(contact__project=project)
    addresses = mine.filter(reached).values("contact")
    return contacts.filter(Q(name__icontains=text) | Q(pk__in=addresses))


def _is_with(text: str, path: str = "") -> Q:
    found = Q((f"{path}contact__name__icontains", text))
    found |= Q((f"{path}address__username__icontains", text))
    if digits := _digits_of(text):
        found |= Q((f"{path}address__number__contains", digits))
    return found


def _digits_of(text: str) -> str:
    """Return the digits of a text that looks like a part of a phone number, else an empty text."""
    bare = "".join(sign for sign in text if sign not in " +-()./")
    return bare if len(bare) >= 3 and bare.isascii() and bare.isdecimal() else ""


# --- Rules, and what became of them -----------------------------------------------------------


def rules_of(project: Project) -> QuerySet[NotificationRule]:
    """Return the rules of a project."""
    return NotificationRule.objects.filter(project=project)


def listed_rules(project: Project, window: Window) -> tuple[list[NotificationRule], int]:
    """Return the rules of `window`, the oldest first, and how many there are in all.

    Two statements at most.
    """
    rules = rules_of(project).order_by("id")
    rows = list(rules[window.skip : window.skip + window.limit])
    total = window.total_if_known(len(rows))
    return rows, rules.order_by().count() if total is None else total


def rule_for(project: Project, rule_id: UUID | str) -> NotificationRule:
    """Return a rule of the project, with its project. Raises `RuleNotFound`."""
    uuid = uuid_in(rule_id)
    found = rules_of(project).select_related("project").filter(uuid=uuid) if uuid else []
    for rule in found:
        return rule
    raise RuleNotFound


def outcomes_of(project: Project) -> QuerySet[RuleOutcome]:
    """Return what became of telling the customers of a project."""
    return RuleOutcome.objects.filter(project=project)


def listed_outcomes(outcomes: QuerySet[RuleOutcome], window: Window) -> tuple[list[Row], int]:
    """Return the rows of `window`, and how many there are in all: two statements at most."""
    rows = outcomes.values(
        *("uuid", "occasion", "status", "state", "reason", "channel", "created_at", "settled_at"),
        rule_uuid=F("rule__uuid"),
        order_uuid=F("order__uuid"),
        message_uuid=F("message__uuid"),
        message_status=F("message__status"),
        email_status=F("email__state"),
    )
    page = list(rows[window.skip : window.skip + window.limit])
    total = window.total_if_known(len(page))
    return page, outcomes.order_by().count() if total is None else total
