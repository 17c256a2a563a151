"""What the bell of a project tells a member, read from the stream of events.

Nothing is written for each member and event: what concerns a member follows from the events, from
whose the orders and conversations are, and from the member's preferences for the way `socket`. A
read looks at the last events of the project and at no more than `MAX_EVENTS` of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.access import may
from accounts.errors import ProjectNotFound
from accounts.models import Membership, Project, User
from notifications.bell import NOTICES
from notifications.events import CONVERSATION, MESSAGE
from notifications.events import EventType as MessageEventType
from notifications.models import BellMark, Conversation, Message, NewsKind
from notifications.models.messages import MessageStatus
from notifications.order_news import concerns_merchants, is_history
from notifications.services.preferences import preferences_of
from notifications.ways import OPERATION_OF, SOCKET
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.ids import uuid_in
from orders.lifecycle import GONE_WRONG, UNFINISHED, WAITING, EventType, Status
from orders.models import Order
from orders.stream.models import ORDER, Event

# How far back the bell looks.
MAX_EVENTS = 1000
MAX_AGE = timedelta(days=30)

# The name of a subject: its kind, and its number or UUID.
Subject = tuple[str, str]


@dataclass(frozen=True)
class Listener:
    """A member, what they hear of in the workspace, and what they have seen."""

    membership: Membership
    user: User
    kinds: frozenset[NewsKind]
    seen_until: int = 0
    seen: Mapping[str, int] = field(default_factory=dict)

    def has_seen(self, subject: Subject, position: int) -> bool:
        """Tell whether they have seen what happened to the subject at that position."""
        return position <= max(self.seen_until, self.seen.get(name_of(subject), 0))


@dataclass(frozen=True)
class Item:
    """What the bell tells of one order, conversation or other thing: the last event about it.

    `earlier` is how many events before it were about the same. `is_mine` says that it is assigned
    to the member. An item has the `order`, the row of the `conversation`, or neither.
    """

    subject: Subject
    event: Event
    position: int
    at: datetime
    earlier: int
    is_new: bool
    is_mine: bool
    order: Order | None = None
    conversation: Row | None = None
    # Why a message of ours could not be sent, or what else is wrong.
    error: str = ""

    @property
    def name(self) -> str:
        """The name of the subject in one word."""
        return name_of(self.subject)


def name_of(subject: Subject) -> str:
    """Return the name of a subject in one word, such as `order-12`."""
    return "-".join(subject)


def listener_for(project: Project, user: User) -> Listener:
    """Return who listens, in two statements. Raises `ProjectNotFound` if they are no member."""
    found = Membership.objects.filter(project=project, user=user).select_related("bell_mark")
    membership = found.first()
    if membership is None:
        raise ProjectNotFound
    chosen = preferences_of(membership)
    mark = getattr(membership, "bell_mark", None) or BellMark()
    return Listener(
        membership,
        user,
        frozenset(
            kind
            for kind in NewsKind
            if chosen[kind][SOCKET.name] and may(membership.role, OPERATION_OF[kind])
        ),
        mark.seen_until,
        mark.seen,
    )


def items_for(listener: Listener, *, after: int = 0) -> list[Item]:
    """Return what the bell tells of, the newest first, from events after the position `after`.

    Takes at most four statements.
    """
    events = _events_for(listener, after=after)
    if not events:
        return []
    messages = _failed_messages(events)
    talks = _conversations_of(listener, events)
    told: dict[Subject, list[Event]] = {}
    for event in events:
        if subject := _subject_of(event):
            told.setdefault(subject, []).append(event)
    about = _About(_orders_of(events), talks, messages)
    items = [
        item
        for subject, group in told.items()
        if (item := _item_of(listener, subject, group, about)) is not None
    ]
    return sorted(items, key=lambda item: -item.position)


def count_new(listener: Listener, *, most: int) -> int:
    """Return how many things at the bell are new to the member, counted up to `most`."""
    items = items_for(listener, after=listener.seen_until)
    return min(most, sum(item.is_new for item in items))


# --- Events -----------------------------------------------------------------------------------


_COLUMNS = tuple(field.attname for field in Event._meta.concrete_fields)


@prepared
def _news_among(project_id: int, after: int, *, limit: int) -> QuerySet[Event, Row]:
    """Return those of a project's last events after a position that may be news, newest first."""
    last = Event.objects.filter(project_id=project_id, position__gt=after)
    may_be_news = (
        Q(type__in=[*NOTICES, MessageEventType.MESSAGE_RECEIVED])
        | Q(type__in=[EventType.READY, EventType.BLOCKED, EventType.CREATED])
        | Q(type=MessageEventType.MESSAGE_STATUS_CHANGED, data__status=MessageStatus.FAILED)
        | Q(type=MessageEventType.CONVERSATION_CHANGED, data__changes__has_key="assignee")
        | Q(type=EventType.UPDATED, data__changes__has_key="assignee")
        | Q(type=EventType.STATUS_CHANGED, data__new_status__in=list(map(str, GONE_WRONG)))
        | Q(type=EventType.STATUS_CHANGED, data__old_status=Status.DRAFT)
    )
    newest = last.order_by("-position").values("pk")[:limit]
    found = Event.objects.filter(may_be_news, pk__in=newest)
    rows: QuerySet[Event, Row] = found.order_by("-position").values(*_COLUMNS)
    return rows


def _events_for(listener: Listener, *, after: int) -> list[Event]:
    """Return the events that may concern the member, the newest first, in one statement."""
    since = max(timezone.now() - MAX_AGE, listener.membership.created_at)
    rows = _news_among(listener.membership.project_id, after, limit=MAX_EVENTS)
    events = [
        Event.from_db(DEFAULT_DB_ALIAS, _COLUMNS, list(row.values()))
        for row in rows
        if row["created_at"] >= since
    ]
    return [event for event in events if _may_concern(listener, event)]


def _may_concern(listener: Listener, event: Event) -> bool:
    me = str(listener.user.uuid)
    if event.type in NOTICES:
        return may(listener.membership.role, NOTICES[event.type].operation)
    if event.actor_id == listener.user.pk:
        return False
    match event.type:
        case MessageEventType.MESSAGE_RECEIVED:
            return bool(listener.kinds & {NewsKind.INBOX, NewsKind.ASSIGNED})
        case MessageEventType.MESSAGE_STATUS_CHANGED:
            return NewsKind.ASSIGNED in listener.kinds
        case MessageEventType.CONVERSATION_CHANGED:
            is_mine = event.data["changes"]["assignee"] == me
            return is_mine and NewsKind.ASSIGNED in listener.kinds
        case EventType.UPDATED:
            is_mine = event.data["changes"]["assignee"]["to"] == me
            return is_mine and NewsKind.ASSIGNED in listener.kinds
    return bool(listener.kinds & {NewsKind.ORDERS, NewsKind.ASSIGNED})


def _subject_of(event: Event) -> Subject | None:
    """Return the thing under which the bell shows an event."""
    if event.is_of_order:
        return ORDER, str(event.order_id)
    if event.subject_kind == MESSAGE:
        talk = uuid_in(event.data.get("conversation_id", ""))
        return (CONVERSATION, str(talk)) if talk else None
    return event.subject_kind, str(event.subject_uuid)


# --- What they are about ----------------------------------------------------------------------


def _failed_messages(events: Iterable[Event]) -> Mapping[UUID, Row]:
    """Return the messages that could not be sent and that nobody has sent again since."""
    uuids = {
        event.subject_uuid
        for event in events
        if event.type == MessageEventType.MESSAGE_STATUS_CHANGED
    }
    if not uuids:
        return {}
    rows = Message.objects.filter(uuid__in=uuids, status=MessageStatus.FAILED)
    found = rows.values("uuid", "author_id", "error")
    return {row["uuid"]: dict(row) for row in found}


def _conversations_of(listener: Listener, events: Iterable[Event]) -> Mapping[str, Row]:
    """Return by their UUIDs the conversations of the events, but those with blocked contacts."""
    subjects = {_subject_of(event) for event in events}
    uuids = [each[1] for each in subjects if each and each[0] == CONVERSATION]
    if not uuids:
        return {}
    rows = Conversation.objects.filter(
        project_id=listener.membership.project_id, uuid__in=uuids, contact__is_blocked=False
    ).values(
        *("uuid", "channel", "status", "unread", "assignee_id"),
        contact_name=F("contact__name"),
        contact_phone=F("address__phone"),
        contact_number=F("address__number"),
        contact_username=F("address__username"),
    )
    return {str(row["uuid"]): row for row in rows}


def _orders_of(events: Iterable[Event]) -> Mapping[str, Order]:
    """Return by their numbers the orders that the events are about, but those of tests."""
    numbers = {event.order_id for event in events if event.is_of_order and event.order_id}
    if not numbers:
        return {}
    orders = Order.objects.filter(pk__in=numbers, is_test=False)
    wanted = orders.only("pk", "title", "status", "assignee_id", "ordered_at")
    return {str(order.pk): order for order in wanted}


# --- Items ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _About:
    """The rows that events are about."""

    orders: Mapping[str, Order]
    talks: Mapping[str, Row]
    failed: Mapping[UUID, Row]


def _item_of(
    listener: Listener, subject: Subject, events: Sequence[Event], about: _About
) -> Item | None:
    """Return what the bell tells of a subject; None if nothing of it is news for the member.

    `events` are those about the subject, the newest first.
    """
    kind, key = subject
    order, talk = about.orders.get(key), about.talks.get(key)
    if kind == ORDER:
        telling = [] if order is None else list(_of_order(listener, events, order))
    elif kind == CONVERSATION:
        telling = [] if talk is None else list(_of_talk(listener, events, talk, about.failed))
    else:
        telling = list(_of_notice(listener, events[:1]))
    if not telling:
        return None
    newest = telling[0].event
    assert newest.position is not None
    new = [
        each
        for each in telling
        if each.is_true and not listener.has_seen(subject, each.event.position or 0)
    ]
    shown = (new or telling)[0]
    return Item(
        subject,
        shown.event,
        newest.position,
        shown.event.created_at,
        earlier=len(telling) - 1,
        is_new=bool(new),
        is_mine=listener.user.pk in {order and order.assignee_id, talk and talk["assignee_id"]},
        order=order if kind == ORDER else None,
        conversation=talk if kind == CONVERSATION else None,
        error=shown.error,
    )


@dataclass(frozen=True)
class _Telling:
    """An event that is news for somebody. It is true as long as nobody has seen to it."""

    event: Event
    is_true: bool
    error: str = ""


def _of_order(listener: Listener, events: Iterable[Event], order: Order) -> Iterator[_Telling]:
    is_mine = order.assignee_id == listener.user.pk
    hears = listener.kinds & (
        {NewsKind.ORDERS, NewsKind.ASSIGNED} if is_mine else {NewsKind.ORDERS}
    )
    for event in events:
        if event.type == EventType.UPDATED:
            # It may be assigned to somebody else by now.
            if is_mine:
                yield _Telling(event, order.status in UNFINISHED)
        elif hears and concerns_merchants(event) and not is_history(event, order):
            yield _Telling(event, _is_still_so(event, order))


def _is_still_so(event: Event, order: Order) -> bool:
    """Tell whether nobody has seen yet to what happened to an order."""
    match event.type:
        case EventType.READY:
            return bool(order.status == event.data["status"])
        case EventType.BLOCKED:
            return order.status in WAITING
        case EventType.STATUS_CHANGED if event.data["new_status"] in GONE_WRONG:
            return bool(order.status == event.data["new_status"])
    # It may have become active by itself, which makes it no less new.
    return order.status in {Status.PENDING, Status.ACTIVE}


def _of_talk(
    listener: Listener, events: Iterable[Event], talk: Row, failed: Mapping[UUID, Row]
) -> Iterator[_Telling]:
    is_mine = talk["assignee_id"] == listener.user.pk
    for event in events:
        match event.type:
            case MessageEventType.MESSAGE_RECEIVED:
                if (NewsKind.ASSIGNED if is_mine else NewsKind.INBOX) in listener.kinds:
                    yield _Telling(event, talk["unread"] > 0)
            case MessageEventType.CONVERSATION_CHANGED:
                if is_mine:
                    yield _Telling(event, talk["status"] == Conversation.Status.OPEN)
            case MessageEventType.MESSAGE_STATUS_CHANGED:
                message = failed.get(event.subject_uuid)
                if message and (is_mine or message["author_id"] == listener.user.pk):
                    yield _Telling(event, is_true=True, error=message["error"])


def _of_notice(listener: Listener, events: Iterable[Event]) -> Iterator[_Telling]:
    for event in events:
        words = NOTICES[event.type].words_of(event)
        if words and event.actor_id != listener.user.pk:
            yield _Telling(event, is_true=True, error=words)
