"""Reads of a project's conversations."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, F, OuterRef, QuerySet, Value
from django.db.models import Window as Over
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, JSONObject, Left

from accounts.models import Project
from notifications.errors import ConversationNotFound
from notifications.models import Conversation, Message
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.ids import uuid_in
from orderchainer.core.windows import Window
from orders.graph import ListOf

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
