"""Tell the members of a project of news, each in the ways that they chose.

A delivery is one event for one member in one way; its target is `way:user`. What a member is to
hear is decided twice by the same code: when the event is relayed, and again when the delivery is
due, because by then the member may have left, or a colleague may have answered.

A customer who writes ten times before anybody reads it is one piece of news, the first message.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import may
from accounts.models import Membership
from notifications.events import EventType as MessageEventType
from notifications.models import Conversation, Message, NewsKind, NotificationPreference
from notifications.models.messages import Direction
from notifications.order_news import concerns_merchants, is_history
from notifications.services.preferences import Preferences, preferences_of_all
from notifications.ways import OPERATION_OF, WAYS, News, Way
from orders.models import Order
from orders.stream.models import Event
from orders.stream.subscribers import Drop, GiveUp, TryAgain, Wanted

SUBSCRIBER = "team"


@dataclass(frozen=True)
class _Happening:
    """An event that may be news, and what it is about."""

    event: Event
    conversation: Conversation | None = None
    message: Message | None = None
    order: Order | None = None

    @property
    def assignee_id(self) -> int | None:
        """The member to whom the conversation is assigned."""
        return self.conversation.assignee_id if self.conversation else None

    def kind_for(self, user_id: int) -> NewsKind | None:
        """Return what kind of news it is for a member; None if it is not news for them."""
        if user_id == self.event.actor_id:
            return None
        if self.order is not None:
            return NewsKind.ORDERS
        if user_id == self.assignee_id:
            return NewsKind.ASSIGNED
        return NewsKind.INBOX if self.message is not None else None


# --- Which news, for whom ---------------------------------------------------------------------


def wants(events: Sequence[Event]) -> Iterable[Wanted]:
    """Pick the events that are news for somebody, in a bounded number of queries."""
    return [(news.event, f"{way.name}:{news.membership.user_id}") for news, way in _picked(events)]


def deliver(event: Event, target: str) -> None:
    """Tell one member of `event` in one way, or drop it if it is no longer news for them."""
    picked = _picked([event])
    if not target:
        # Picking failed when the event was relayed, so the delivery names nobody.
        _tell_each(picked)
        return
    name, _, user_id = target.partition(":")
    for news, way in picked:
        if (way.name, str(news.membership.user_id)) == (name, user_id):
            _tell(news, way)
            return
    raise Drop("It is no longer news for them, or they may not hear of it any more.")


def _tell(news: News, way: Way) -> None:
    assert way.send is not None
    way.send(news)


def _tell_each(picked: Sequence[tuple[News, Way]]) -> None:
    """Tell everybody. If one fails, all are told again."""
    if not picked:
        raise Drop("It is no longer news for anybody.")
    failures: list[TryAgain] = []
    for news, way in picked:
        try:
            _tell(news, way)
        except TryAgain as failure:
            failures.append(failure)
        except (Drop, GiveUp):
            continue
    if failures:
        raise failures[0]


def _picked(events: Sequence[Event]) -> Sequence[tuple[News, Way]]:
    """Return each piece of news with a way that tells somebody of it, in the order of events."""
    happenings = [*_about_conversations(events), *_about_orders(events)]
    if not happenings:
        return []
    happenings.sort(key=lambda happening: happening.event.pk)
    members = _members_for(happenings)
    preferences = preferences_of_all([each for group in members.values() for each in group])
    found = [
        (news, way)
        for happening in happenings
        for membership in members.get(happening.event.project_id, [])
        for news, way in _news_for(membership, happening, preferences[membership.pk])
    ]
    told_by: dict[str, set[int]] = {}
    for news, way in found:
        told_by.setdefault(way.name, set()).add(news.membership.user_id)
    reached = {name: frozenset(WAYS[name].reached(users)) for name, users in told_by.items()}
    return [(news, way) for news, way in found if news.membership.user_id in reached[way.name]]


def _news_for(
    membership: Membership, happening: _Happening, preferences: Preferences
) -> Iterator[tuple[News, Way]]:
    kind = happening.kind_for(membership.user_id)
    if kind is None or not may(membership.role, OPERATION_OF[kind]):
        return
    for way in WAYS.values():
        if kind in way.sends and preferences[kind][way.name]:
            news = News(
                membership,
                kind,
                happening.event,
                happening.conversation,
                happening.message,
                happening.order,
            )
            yield news, way


def _members_for(happenings: Sequence[_Happening]) -> Mapping[int, Sequence[Membership]]:
    """Return by project the members to whom a conversation is assigned, or who asked for news."""
    asked = _wishes().filter(membership=OuterRef("pk"))
    assignees = {each.assignee_id for each in happenings} - {None}
    members = (
        Membership.objects.filter(
            Q(user_id__in=assignees) | Exists(asked),
            project_id__in={each.event.project_id for each in happenings},
            project__is_active=True,
            user__is_active=True,
        )
        .select_related("user", "project")
        .order_by("pk")
    )
    by_project: dict[int, list[Membership]] = {}
    for membership in members:
        by_project.setdefault(membership.project_id, []).append(membership)
    return by_project


def _wishes() -> QuerySet[NotificationPreference]:
    ways = [way.name for way in WAYS.values() if way.sends]
    return NotificationPreference.objects.filter(is_on=True, way__in=ways)


# --- What may be news -------------------------------------------------------------------------


def _about_conversations(events: Sequence[Event]) -> Iterator[_Happening]:
    arrived = [event for event in events if event.type == MessageEventType.MESSAGE_RECEIVED]
    assigned = [
        event
        for event in events
        if event.type == MessageEventType.CONVERSATION_CHANGED
        and event.data["changes"].get("assignee")
    ]
    if arrived:
        messages = _first_unread(event.subject_uuid for event in arrived)
        for event in arrived:
            if message := messages.get(event.subject_uuid):
                yield _Happening(event, conversation=message.conversation, message=message)
    if assigned:
        talks = (
            Conversation.objects.filter(uuid__in={event.subject_uuid for event in assigned})
            .filter(contact__is_blocked=False, assignee__isnull=False)
            .select_related("contact", "assignee")
        )
        found = {talk.uuid: talk for talk in talks}
        for event in assigned:
            talk = found.get(event.subject_uuid)
            # It may be assigned to somebody else by now, which is an event of its own.
            if talk is not None and _named(talk) == event.data["changes"]["assignee"]:
                yield _Happening(event, conversation=talk)


def _named(talk: Conversation) -> str:
    return str(talk.assignee.uuid) if talk.assignee else ""


def _first_unread(uuids: Iterable[object]) -> Mapping[object, Message]:
    """Return those of the messages that are the first that nobody has read of a conversation."""
    earlier = Message.objects.filter(
        conversation=OuterRef("conversation"),
        direction=Direction.INBOUND,
        is_read=False,
        deleted_at=None,
        pk__lt=OuterRef("pk"),
    )
    messages = (
        Message.objects.filter(
            ~Exists(earlier), uuid__in=set(uuids), is_read=False, deleted_at=None
        )
        .filter(conversation__contact__is_blocked=False)
        .select_related("conversation__contact", "order")
    )
    return {message.uuid: message for message in messages}


def _about_orders(events: Sequence[Event]) -> Iterator[_Happening]:
    concerning = [event for event in events if event.is_of_order and concerns_merchants(event)]
    if not concerning:
        return
    wishes = _wishes().filter(
        kind=NewsKind.ORDERS,
        membership__project__in={event.project_id for event in concerning},
    )
    projects = set(wishes.values_list("membership__project_id", flat=True))
    candidates = [event for event in concerning if event.project_id in projects]
    if not candidates:
        # Almost always: by default nobody hears of orders in this way.
        return
    orders = Order.objects.in_bulk({event.order_id for event in candidates})
    for event in candidates:
        order = orders.get(event.order_id or 0)
        if order is not None and not order.is_test and not is_history(event, order):
            yield _Happening(event, order=order)
