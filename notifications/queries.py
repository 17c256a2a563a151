"""What the app can tell of a project's conversations, contacts and messages."""

from uuid import UUID

from django.db.models import CharField, F, OuterRef, Q, QuerySet
from django.db.models.functions import Cast, JSONObject

from accounts.models import Project
from notifications.errors import MessageNotFound
from notifications.models import Attachment, Conversation, Message
from orderchainer.core.db.prepared import Row
from orderchainer.core.ids import uuid_in
from orderchainer.core.windows import Window
from orders.graph import ListOf

_FILES = Attachment.objects.filter(message=OuterRef("pk")).order_by("pk")
MESSAGE_FIELDS = (
    *("uuid", "direction", "channel", "content_type", "content", "details", "status"),
    *("error_code", "error", "is_read", "ai_generated"),
    *("created_at", "written_at", "edited_at"),
)


def messages_of(project: Project) -> QuerySet[Message]:
    """Return all messages of a project."""
    return Message.objects.filter(project=project)


def without_blocked(messages: QuerySet[Message], project: Project) -> QuerySet[Message]:
    """Leave out what is said with contacts that are blocked."""
    blocked = Conversation.objects.filter(project=project, contact__is_blocked=True)
    return messages.exclude(conversation__in=blocked.values("pk"))


def rows_of(messages: QuerySet[Message]) -> QuerySet[Message, Row]:
    """Return messages with all that is shown beside them, in one statement."""
    rows: QuerySet[Message, Row] = messages.values(
        *MESSAGE_FIELDS,
        order_uuid=F("order__uuid"),
        conversation_uuid=F("conversation__uuid"),
        contact_name=F("conversation__contact__name"),
        contact_phone=F("conversation__address__phone"),
        contact_number=F("conversation__address__number"),
        contact_username=F("conversation__address__username"),
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
    )
    return rows


def listed(messages: QuerySet[Message], window: Window) -> tuple[list[Row], int]:
    """Return the rows of `window`, and how many messages there are in all: two statements at most.

    `messages` must be ordered. The page is found first, so that a page far back reads what belongs
    to its own messages and to no others.
    """
    ordering = messages.query.order_by
    page = messages.values("pk")[window.skip : window.skip + window.limit]
    rows = list(rows_of(Message.objects.filter(pk__in=page).order_by(*ordering)))
    total = window.total_if_known(len(rows))
    return rows, messages.order_by().count() if total is None else total


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


def found_by_text(messages: QuerySet[Message], text: str) -> QuerySet[Message]:
    """Keep messages with `text` in what they say, or with contacts who have it in their name.

    A text with digits also finds the contacts that have them in their number.
    """
    found = (
        Q(content__icontains=text)
        | Q(conversation__contact__name__icontains=text)
        | Q(conversation__address__username__icontains=text)
    )
    if digits := _digits_of(text):
        found |= Q(conversation__address__number__contains=digits)
    return messages.filter(found)


def _digits_of(text: str) -> str:
    """Return the digits of a text that looks like a part of a phone number, else an empty text."""
    bare = "".join(sign for sign in text if sign not in " +-()./")
    return bare if len(bare) >= 3 and bare.isascii() and bare.isdecimal() else ""
