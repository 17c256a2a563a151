"""What the bell tells whom: derived from events, and what was seen of it."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import ProjectNotFound
from accounts.models import Membership, User
from accounts.tests.projects import Team, make_team
from notifications.channels import Line, Person
from notifications.models import BellMark, Conversation, Message, NewsKind
from notifications.queries import bell, count_unread, unread_conversations
from notifications.queries.bell import MAX_EVENTS, Item, count_new, items_for, listener_for
from notifications.services import (
    change_conversation,
    mark_conversation_read,
    receive_message,
    set_blocked,
)
from notifications.services.bell import MAX_SEEN, mark_all_seen, mark_seen
from notifications.services.preferences import change_preferences
from notifications.tests.factories import incoming, make_line
from orderchainer.testing.effort import pages_read_by, statement_of
from orders.models import Order
from orders.services import create_order, move_order, update_order
from orders.stream.models import Event, EventStream
from orders.stream.queries import stream_head
from orders.stream.relay import relay_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def line(team: Team) -> Line:
    return make_line(team.project)


def write(line: Line, content: str = "Where is it?", number: int = 1) -> Conversation:
    """Have a customer write."""
    person = Person(provider_id=f"US.{number}", number=f"1650555{number:04}", name=f"Ada {number}")
    message = receive_message(line=line, incoming=incoming(content, person=person))
    assert message is not None
    return message.conversation


def place(team: Team, *waits_for: Order, by: str = "owner", **fields: object) -> Order:
    """Create an order of the project."""
    return create_order(
        by=team.members[by],
        project=team.project,
        fields={"title": "An order", **fields},  # type: ignore[typeddict-item]
        dependencies=[order.pk for order in waits_for],
    )


def assign(order: Order, to: User, by: User) -> None:
    """Give an order to a member."""
    update_order(order_id=order.pk, by=by, fields={"assignee": to})


def hear(team: Team, role: str, *kinds: NewsKind) -> None:
    """Have a member hear of these kinds alone in the workspace."""
    changes = {kind: {"socket": kind in kinds} for kind in NewsKind}
    change_preferences(project=team.project, user=team.members[role], changes=changes)


def at_the_bell(team: Team, role: str) -> list[Item]:
    """Return what the bell tells a member."""
    relay_events()
    return items_for(listener_for(team.project, team.members[role]))


def told(team: Team, role: str) -> dict[str, tuple[str, bool]]:
    """Return by its name each thing at the bell: the last event, and whether it is new."""
    return {item.name: (item.event.type, item.is_new) for item in at_the_bell(team, role)}


def new_for(team: Team, role: str) -> int:
    """Return how many things are new to a member."""
    relay_events()
    return count_new(listener_for(team.project, team.members[role]), most=100)


# --- Whom the bell tells of what --------------------------------------------------------------


def test_customers_who_write_are_one_thing_for_each_conversation(team: Team, line: Line) -> None:
    talk = write(line)
    write(line, "Hello?")

    [item] = at_the_bell(team, "viewer")

    assert (item.name, item.is_new, item.earlier) == (f"conversation-{talk.uuid}", True, 1)
    assert item.conversation is not None
    assert item.conversation["unread"] == 2

    mark_conversation_read(conversation=talk, by=team.members["agent"])
    assert told(team, "viewer") == {item.name: ("message_received", False)}


def test_what_is_assigned_to_somebody_is_news_for_them_alone(team: Team, line: Line) -> None:
    for role in ("agent", "manager"):
        hear(team, role, NewsKind.ASSIGNED)
    talk, order = write(line), place(team)
    agent, manager = team.members["agent"], team.members["manager"]
    change_conversation(conversation=talk, by=manager, changes={"assignee": agent})
    assign(order, agent, manager)

    assert told(team, "agent") == {
        f"order-{order.pk}": ("order_updated", True),
        f"conversation-{talk.uuid}": ("conversation_changed", True),
    }
    assert told(team, "manager") == {}

    mark_conversation_read(conversation=talk, by=agent)
    assert told(team, "agent")[f"conversation-{talk.uuid}"] == ("conversation_changed", True)
    change_conversation(conversation=talk, by=agent, changes={"status": "closed"})
    assert told(team, "agent")[f"conversation-{talk.uuid}"] == ("conversation_changed", False)

    assign(order, manager, manager)
    change_conversation(conversation=talk, by=manager, changes={"assignee": None})
    assert told(team, "agent") == {}
    # You are not told what you did yourself.
    assert new_for(team, "manager") == 1
    assert told(team, "manager") == {f"order-{order.pk}": ("order_created", True)}


def test_ones_own_orders_are_news_even_if_those_of_others_are_not(team: Team) -> None:
    hear(team, "agent", NewsKind.ASSIGNED)
    mine, other = place(team), place(team)
    assign(mine, team.members["agent"], team.owner)
    for order in (mine, other):
        move_order(order_id=order.pk, status="failed", by=team.owner)

    assert told(team, "agent") == {f"order-{mine.pk}": ("order_status_changed", True)}

    hear(team, "agent")
    assert told(team, "agent") == {}
    hear(team, "agent", NewsKind.ORDERS)
    assert told(team, "agent").keys() == {f"order-{mine.pk}", f"order-{other.pk}"}


def test_orders_that_need_somebody_are_news_until_somebody_has_seen_to_them(team: Team) -> None:
    hear(team, "viewer", NewsKind.ORDERS)
    failing, done = place(team), place(team)
    blocked, ready = place(team, failing), place(team, done)
    draft = place(team, status="draft")
    move_order(order_id=failing.pk, status="failed", by=team.owner)
    move_order(order_id=done.pk, status="active", by=team.owner)
    move_order(order_id=done.pk, status="completed", by=team.owner)

    assert told(team, "viewer") == {
        f"order-{ready.pk}": ("order_ready", True),
        # It was new, and somebody has worked on it.
        f"order-{done.pk}": ("order_created", False),
        f"order-{blocked.pk}": ("order_blocked", True),
        f"order-{failing.pk}": ("order_status_changed", True),
    }

    move_order(order_id=ready.pk, status="shipped", by=team.owner)
    move_order(order_id=blocked.pk, status="cancelled", by=team.owner)
    move_order(order_id=draft.pk, status="pending", by=team.owner)

    found = told(team, "viewer")
    assert found[f"order-{ready.pk}"] == ("order_ready", False)
    assert found[f"order-{blocked.pk}"] == ("order_status_changed", True)
    assert found[f"order-{draft.pk}"] == ("order_status_changed", True)


def test_tests_history_and_blocked_contacts_are_no_news(team: Team, line: Line) -> None:
    old = place(team)
    Order.objects.filter(pk=old.pk).update(ordered_at=timezone.now() - timedelta(days=3))
    Order.objects.filter(pk=place(team).pk).update(is_test=True)
    Order.objects.filter(pk=place(team).pk).delete()
    set_blocked(contact=write(line).contact, is_blocked=True, by=team.owner)

    assert told(team, "viewer") == {}


def test_an_answer_that_could_not_be_sent_is_news_for_its_author(team: Team, line: Line) -> None:
    hear(team, "agent", NewsKind.ASSIGNED)
    hear(team, "manager", NewsKind.ASSIGNED)
    talk = write(line)
    sent = Message.objects.create(
        project=team.project,
        conversation=talk,
        address=talk.address,
        direction="outbound",
        channel=talk.channel,
        line=talk.line,
        content_type="text",
        content="Soon",
        author=team.members["agent"],
        status="failed",
        error="The number is not in use.",
    )
    from notifications.events import EventType, of_message

    event = of_message(EventType.MESSAGE_STATUS_CHANGED, sent)
    event.save()

    [item] = at_the_bell(team, "agent")
    assert (item.event.type, item.error) == ("message_status_changed", "The number is not in use.")
    assert at_the_bell(team, "manager") == []

    Message.objects.filter(pk=sent.pk).update(status="sent")
    assert at_the_bell(team, "agent") == []


def test_nobody_hears_of_another_project_or_of_the_time_before_they_came(
    team: Team, line: Line
) -> None:
    write(line)
    write(make_line(team.owner.personal_project), number=2)
    Membership.objects.filter(user=team.members["viewer"]).update(
        created_at=timezone.now() + timedelta(seconds=1)
    )

    assert len(at_the_bell(team, "agent")) == 1
    assert at_the_bell(team, "viewer") == []
    with pytest.raises(ProjectNotFound):
        listener_for(team.owner.personal_project, team.members["agent"])


def test_only_the_last_events_of_thirty_days_are_looked_at(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [place(team) for _ in range(3)]
    monkeypatch.setattr(bell, "MAX_EVENTS", 2)
    assert told(team, "viewer").keys() == {f"order-{order.pk}" for order in orders[1:]}

    month = timezone.now() - timedelta(days=31)
    Event.objects.filter(order=orders[2].pk).update(created_at=month)
    assert told(team, "viewer").keys() == {f"order-{orders[1].pk}"}


# --- What was seen ----------------------------------------------------------------------------


def test_marking_all_leaves_what_came_after_the_page(team: Team) -> None:
    first = place(team)
    [item] = at_the_bell(team, "viewer")
    shown_until = item.position
    later = place(team)
    viewer = team.members["viewer"]
    relay_events()

    mark_all_seen(project=team.project, user=viewer, until=shown_until)

    assert told(team, "viewer") == {
        f"order-{later.pk}": ("order_created", True),
        f"order-{first.pk}": ("order_created", False),
    }
    assert (new_for(team, "viewer"), new_for(team, "agent")) == (1, 2)
    # An old page takes nothing back, and nobody has seen what has not happened yet.
    mark_all_seen(project=team.project, user=viewer, until=0)
    assert BellMark.objects.get().seen_until == shown_until
    mark_all_seen(project=team.project, user=viewer, until=2**60)
    assert BellMark.objects.get().seen_until == stream_head()
    place(team)
    assert new_for(team, "viewer") == 1


def test_one_thing_is_seen_by_itself_until_something_happens_to_it(team: Team) -> None:
    one, two = place(team), place(team)
    viewer = team.members["viewer"]
    newest, oldest = at_the_bell(team, "viewer")

    mark_seen(project=team.project, user=viewer, name=newest.name, until=newest.position)

    assert told(team, "viewer") == {
        f"order-{two.pk}": ("order_created", False),
        f"order-{one.pk}": ("order_created", True),
    }
    mark_seen(project=team.project, user=viewer, name=newest.name, until=1)
    assert new_for(team, "viewer") == 1
    move_order(order_id=two.pk, status="failed", by=team.owner)
    assert told(team, "viewer")[f"order-{two.pk}"] == ("order_status_changed", True)

    mark_seen(project=team.project, user=viewer, name=oldest.name, until=oldest.position)
    mark_all_seen(project=team.project, user=viewer, until=newest.position)
    # What is behind the mark needs no memory of its own.
    assert BellMark.objects.get().seen == {}
    assert new_for(team, "viewer") == 1


def test_the_mark_stays_small(team: Team) -> None:
    place(team)
    relay_events()
    for number in range(MAX_SEEN + 5):
        mark_seen(project=team.project, user=team.owner, name=f"order-{number}", until=1)

    assert len(BellMark.objects.get().seen) == MAX_SEEN


def test_a_mark_ends_with_the_membership(team: Team) -> None:
    mark_all_seen(project=team.project, user=team.members["viewer"], until=0)
    Membership.objects.filter(user=team.members["viewer"], project=team.project).delete()

    assert not BellMark.objects.exists()
    with pytest.raises(ProjectNotFound):
        mark_all_seen(project=team.project, user=team.members["viewer"], until=0)


# --- What it costs ----------------------------------------------------------------------------


def test_the_number_takes_the_same_statements_however_much_is_new(team: Team, line: Line) -> None:
    def statements() -> int:
        listener = listener_for(team.project, team.members["agent"])
        with CaptureQueriesContext(connection) as captured:
            count_new(listener, most=100)
        return len(captured)

    write(line)
    place(team)
    relay_events()
    before = statements()
    for number in range(2, 6):
        write(line, number=number)
        place(team)
    relay_events()

    assert before == statements() <= 4
    assert new_for(team, "agent") == 10


def test_the_unread_number_is_that_of_today_up_to_a_limit(team: Team, line: Line) -> None:
    talks = [write(line, number=number) for number in range(5)]
    write(line, "Again", number=0)
    mark_conversation_read(conversation=talks[1], by=team.owner)
    set_blocked(contact=talks[2].contact, is_blocked=True, by=team.owner)
    # Nobody has read it, so it counts although it is closed.
    change_conversation(conversation=talks[3], by=team.owner, changes={"status": "closed"})

    assert count_unread(team.project, most=100) == 3
    assert unread_conversations(team.project, limit=1)[1] == 3
    assert count_unread(team.project, most=1) == 1
    assert count_unread(team.owner.personal_project, most=100) == 0


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.parametrize("has_seen", [True, False])
def test_the_bell_of_a_project_that_was_quiet_for_long_reads_no_more_than_it_tells(
    team: Team, has_seen: bool
) -> None:
    place(team)
    relay_events()
    event = Event.objects.filter(project_id=team.project.pk).order_by("-position")[0]
    head = stream_head()
    # Half of the events are of this project, and the last ones of others, which do not exist.
    copied = {name: getattr(event, name) for name in ("type", "subject_kind", "subject_uuid")}
    about = {**copied, "order_id": event.order_id, "owner_id": event.owner_id, "data": event.data}
    Event.objects.bulk_create(
        Event(
            **about,
            project_id=team.project.pk if number <= 5000 else 10**12 + number,
            position=head + number,
        )
        for number in range(1, 10_001)
    )
    EventStream.objects.update(last_position=head + 10_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_event")
    viewer = team.members["viewer"]
    if has_seen:
        mark_all_seen(project=team.project, user=viewer, until=head + 5000)

    assert count_new(listener_for(team.project, viewer), most=100) == (0 if has_seen else 1)
    sql = statement_of(
        lambda: count_new(listener_for(team.project, viewer), most=100), table="orders_event"
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "event_by_project_position" in plan
        # It begins at the end of the project's events and ends at the mark.
        assert re.search(r"""Index Cond: \(\(project_id = '?\d+.*AND \("position" > """, plan), plan
    else:
        assert pages_read_by(sql) <= (5 if has_seen else 5 * MAX_EVENTS)
