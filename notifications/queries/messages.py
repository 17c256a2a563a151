"""Reads of a project's messages and of their files."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import CharField, F, OuterRef, QuerySet
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Cast, JSONObject

from accounts.models import Project
from notifications.errors import AttachmentNotFound, MessageNotFound
from notifications.models import Attachment, Conversation, Message
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
                    error="last_error",
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


def attachment_for(project: Project, attachment_id: UUID | str) -> Attachment:
    """Return a file of the project. Raises `AttachmentNotFound`."""
    uuid = uuid_in(attachment_id)
    found = Attachment.objects.filter(message__project=project, uuid=uuid) if uuid else []
    for attachment in found:
        return attachment
    raise AttachmentNotFound
