"""What the pages of the inbox read, and nobody else."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat, JSONObject, Left

from accounts.access import roles_that_may
from accounts.models import Membership, Project, User
from notifications.access import SEND_MESSAGES
from notifications.errors import ConversationNotFound
from notifications.events import CONVERSATION, EventType
from notifications.models import ContactAddress, Conversation, Draft, Message, NotificationRule
from notifications.models.messages import Direction
from notifications.models.rules import ANY_CHANNEL
from notifications.queries import (
    conversation_rows_of,
    conversations_found,
    conversations_of,
    rows_of,
)
from notifications.queries.conversations import EXCERPT_LENGTH
from orderchainer.core.db.prepared import Row
from orderchainer.core.ids import uuid_in
from orders.graph import ListOf
from orders.models import Order
from orders.queries import Carer
from orders.stream.models import Event

# A project has few members. The list of a form ends here.
MAX_PEOPLE = 200
MAX_TEMPLATES = 50
# The log has so many of the last changes between its messages.
MAX_CHANGES = 30

_ADDRESSES = ContactAddress.objects.filter(contact=OuterRef("contact")).order_by("pk")
# In the sequence of an index. Sorted by the number alone, PostgreSQL walks all messages backwards.
_SENT = Message.objects.filter(conversation=OuterRef("pk"), direction=Direction.OUTBOUND).order_by(
    "-written_at", "-pk"
)
_ACTOR = User.objects.filter(pk=OuterRef("actor_id"))
# When it was assigned, closed, snoozed or opened, the last change first.
_CHANGES = (
    Event.objects.filter(
        Q(data__changes__has_key="status") | Q(data__changes__has_key="assignee"),
        subject_kind=CONVERSATION,
        subject_uuid=OuterRef("uuid"),
        type=EventType.CONVERSATION_CHANGED,
    )
    .order_by("-pk")
    .values(
        item=JSONObject(
            id=Cast("event_id", CharField()),
            number="pk",
            at="created_at",
            changes="data__changes",
            name=Subquery(_ACTOR.values(name=Concat("first_name", Value(" "), "last_name"))[:1]),
            email=Subquery(_ACTOR.values("email")[:1]),
        )
    )
)
_TEMPLATES = NotificationRule.objects.filter(
    Q(channel=OuterRef("channel")) | Q(channel=ANY_CHANNEL),
    project=OuterRef("project"),
    template__isnull=False,
).order_by("pk")
# What the log shows of a message besides what the API tells.
_ABOUT = {
    "place": F("pk"),
    "order_number": F("order_id"),
    "order_title": F("order__title"),
    "author_email": F("author__email"),
    "answered": Left("reply_to__content", EXCERPT_LENGTH),
    "answered_type": F("reply_to__content_type"),
}


def conversations_with(conversations: QuerySet[Conversation], text: str) -> QuerySet[Conversation]:
    """Keep the conversations with `text` in their contact, or in one of their messages."""
    said = Message.objects.filter(conversation=OuterRef("pk"), content__icontains=text)
    found = conversations_found(conversations, text).values("pk")
    return conversations.filter(Q(pk__in=found) | Exists(said))


def conversations_about_orders(
    conversations: QuerySet[Conversation], *, are_about: bool
) -> QuerySet[Conversation]:
    """Keep the conversations in which an order is talked about, or the others."""
    about = Exists(Message.objects.filter(conversation=OuterRef("pk"), order__isnull=False))
    return conversations.filter(about if are_about else ~about)


def first_conversations(conversations: QuerySet[Conversation], *, limit: int) -> list[Row]:
    """Return the first rows of ordered conversations. One statement."""
    ids = conversations.values("pk")[:limit]
    rows = conversation_rows_of(Conversation.objects.filter(pk__in=ids))
    return list(rows.order_by(*conversations.query.order_by))


def conversations_among(project: Project, uuids: Collection[UUID]) -> list[Row]:
    """Return those conversations of the project that have these ids. One statement."""
    return list(conversation_rows_of(conversations_of(project).filter(uuid__in=uuids)))


def shown_conversation_for(project: Project, conversation_id: UUID | str, *, viewer: User) -> Row:
    """Return all that the page of a conversation shows `viewer` besides messages and orders.

    `own_drafts` has their draft if there is one, and `templates` those of the project's rules.
    `changes` are the last ones that the log shows, the newest first. `last_sent` is the number of
    the last message that they sent here. One statement. Raises `ConversationNotFound`.
    """
    uuid = uuid_in(conversation_id)
    if uuid is None:
        raise ConversationNotFound
    rows = conversation_rows_of(
        conversations_of(project).filter(uuid=uuid),
        contact_language=F("contact__language"),
        contact_notes=F("contact__notes"),
        contact_stopped_at=F("contact__stopped_at"),
        unreachable_since=F("address__unreachable_since"),
        contact_pk=F("contact_id"),
        last_sent=Subquery(_SENT.filter(author=viewer).values("pk")[:1]),
        own_drafts=ListOf(
            Draft.objects.filter(conversation=OuterRef("pk"), author=viewer).values(
                item=JSONObject(content="content", suggestion=Cast("suggestion", CharField()))
            )
        ),
        changes=ListOf(_CHANGES[:MAX_CHANGES]),
        templates=ListOf(_TEMPLATES.values(item=F("template"))[:MAX_TEMPLATES]),
        places=ListOf(
            _ADDRESSES.values(
                item=JSONObject(
                    channel="channel",
                    number="number",
                    phone="phone",
                    username="username",
                    line=Cast("line", CharField()),
                )
            )
        ),
    )
    for row in rows:
        return row
    raise ConversationNotFound


def latest_messages(
    conversation_pk: int, *, limit: int, before: UUID | None = None
) -> tuple[list[Row], bool]:
    """Return the newest messages, oldest first, and whether there are older ones. One statement.

    With `before`, only those older than that message of the conversation.
    """
    messages = Message.objects.filter(conversation=conversation_pk)
    if before is not None:
        mark = messages.filter(uuid=before)
        at, number = Subquery(mark.values("written_at")[:1]), Subquery(mark.values("pk")[:1])
        messages = messages.filter(Q(written_at__lt=at) | Q(written_at=at, pk__lt=number))
    rows = list(rows_of(messages.order_by("-written_at", "-pk"), **_ABOUT)[: limit + 1])
    return rows[limit - 1 :: -1] if len(rows) > limit else rows[::-1], len(rows) > limit


def messages_among(conversation_pk: int, uuids: Collection[UUID]) -> list[Row]:
    """Return those messages of a conversation that have these ids, oldest first. One statement."""
    messages = Message.objects.filter(conversation=conversation_pk, uuid__in=uuids)
    return list(rows_of(messages.order_by("written_at", "pk"), **_ABOUT))


def last_written_by_customer(conversation_pk: int) -> Message | None:
    """Return the last text that the customer of a conversation wrote, with its order.

    If it is about no order, it has the one that was talked about last. One statement, or two.
    """
    said = Message.objects.filter(conversation=conversation_pk).select_related("order")
    newest = said.order_by("-written_at", "-pk")
    message = (
        newest.filter(direction=Direction.INBOUND, deleted_at=None).exclude(content="").first()
    )
    if message is not None and message.order is None:
        about = newest.filter(order__isnull=False).first()
        message.order = about.order if about else None
    return message


def messages_about(order_pk: int, *, limit: int) -> tuple[list[Row], bool]:
    """Return the newest messages about an order, oldest first, and whether there are older ones.

    One statement. Messages with blocked contacts are left out.
    """
    messages = Message.objects.filter(
        order=order_pk, conversation__contact__is_blocked=False
    ).order_by("-written_at", "-pk")
    rows = list(rows_of(messages, **_ABOUT)[: limit + 1])
    return rows[limit - 1 :: -1] if len(rows) > limit else rows[::-1], len(rows) > limit


def orders_beside(
    conversation_pk: int, orders: QuerySet[Order], *, limit: int
) -> tuple[list[Order], bool]:
    """Return the first of a customer's `orders`, and whether there are more. One statement.

    Those that the conversation is about come first, and have `is_linked`; then the newest.
    """
    linked = Message.objects.filter(conversation=conversation_pk, order=OuterRef("pk"))
    found = orders.annotate(is_linked=Exists(linked)).order_by("-is_linked", "-ordered_at", "-pk")
    rows: list[Order] = list(found[: limit + 1])
    return rows[:limit], len(rows) > limit


def people_who_answer(project: Project) -> list[Carer]:
    """Return the members to whom a conversation can be assigned, by name. One statement."""
    members = Membership.objects.filter(
        project=project, user__is_active=True, role__in=roles_that_may(SEND_MESSAGES)
    )
    rows = members.order_by("user__first_name", "user__last_name", "user__email").values_list(
        "user__uuid", "user__first_name", "user__last_name", "user__email"
    )
    return [
        Carer(uuid, f"{first} {last}".strip() or email)
        for uuid, first, last, email in rows[:MAX_PEOPLE]
    ]
