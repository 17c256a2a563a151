"""Who of a project's team hears what: the defaults, the choices, and the e-mails."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.mail import outbox
from accounts.models import OutgoingEmail, User
from accounts.services import remove_member
from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team, make_team
from notifications.channels import Line, Person
from notifications.models import Conversation, Digest, DigestEntry, Message, NewsKind
from notifications.services import (
    change_contact,
    change_conversation,
    mark_conversation_read,
    mark_read,
    merge_contacts,
    receive_deletion,
    receive_message,
)
from notifications.services.digests import INTERVAL, QUIET, close_digest, forget_digests
from notifications.services.preferences import change_preferences, preferences_for
from notifications.tests.factories import incoming, make_line
from notifications.work import noticing
from orders.models import Order
from orders.services import create_order, move_order
from orders.stream import deliveries
from orders.stream.models import Event, EventDelivery
from orders.stream.relay import relay_events

pytestmark = pytest.mark.django_db

AT = datetime(2025, 1, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A time that only moves when a test says so."""
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def team(clock: time_machine.Traveller, db: None) -> Team:
    """A project whose members have all confirmed their addresses."""
    team = make_team()
    User.objects.update(email_verified_at=timezone.now())
    OutgoingEmail.objects.all().delete()
    return team


@pytest.fixture
def line(team: Team) -> Line:
    return make_line(team.project)


def write(line: Line, content: str = "Where is my order?", number: int = 1) -> Message:
    """Have a customer write."""
    person = Person(provider_id=f"US.{number}", number=f"1650555{number:04}", name=f"Ada {number}")
    message = receive_message(line=line, incoming=incoming(content, person=person))
    assert message is not None
    return message


def assign(message: Message, to: User, by: User) -> Conversation:
    """Assign the conversation of a message."""
    return change_conversation(conversation=message.conversation, by=by, changes={"assignee": to})


def choose(team: Team, role: str, kind: NewsKind, *, is_on: bool = True) -> None:
    """Have a member choose about e-mails."""
    user = team.members[role]
    change_preferences(project=team.project, user=user, changes={kind: {"email": is_on}})


def place(team: Team, *waits_for: Order, by: str = "owner", title: str = "An order") -> Order:
    """Create an order of the project."""
    return create_order(
        by=team.members[by],
        project=team.project,
        fields={"title": title},
        dependencies=[order.pk for order in waits_for],
    )


def work() -> None:
    """Relay, deliver and send until nothing is due."""
    relay_events()
    while due := deliveries.due_deliveries():
        for delivery_id in due:
            deliveries.deliver(delivery_id)
    for email_id in outbox.due_emails():
        outbox.send(email_id)


def pass_time(clock: time_machine.Traveller, period: timedelta = QUIET) -> None:
    """Let time pass, and do what is due by then."""
    work()
    clock.shift(period)
    work()


def sent() -> list[tuple[str, str]]:
    """Return who got which e-mail, by address and subject, the oldest first."""
    return [(message.to[0], str(message.subject)) for message in mail.outbox]


def last_text() -> str:
    """Return the text of the last e-mail."""
    return str(mail.outbox[-1].body)


def targets() -> list[str]:
    """Return the targets of the deliveries to members, as roles."""
    rows = EventDelivery.objects.filter(subscriber=noticing.SUBSCRIBER).order_by("pk")
    emails = dict(User.objects.values_list("pk", "email"))
    return [
        f"{way} {emails[int(user)].partition('@')[0]}"
        for way, user in (row.target.split(":") for row in rows)
    ]


# --- The defaults -----------------------------------------------------------------------------


def test_by_default_only_what_waits_for_oneself_comes_by_email(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    mine, other = write(line, number=1), write(line, number=2)
    place(team)
    assign(mine, team.members["agent"], team.members["manager"])

    pass_time(clock)

    assert sent() == [("agent@example.com", "My Store: 1 conversation")]
    assert "- Ada 1, on WhatsApp, assigned to you (1 unread)\n  > Where is" in last_text()
    assert "Ada 2" not in last_text()
    assert other.conversation.assignee is None
    assert preferences_for(team.project, team.members["agent"]) == {
        "inbox": {"socket": True, "email": False, "discord": False},
        "assigned": {"socket": True, "email": True, "discord": False},
        "orders": {"socket": True, "email": False, "discord": False},
    }
    assert preferences_for(team.project, team.owner)[NewsKind.ORDERS]["discord"] is True


def test_a_message_in_ones_own_conversation_is_news_for_its_carer_alone(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    message = write(line)
    assign(message, team.members["agent"], team.members["agent"])
    mark_conversation_read(conversation=message.conversation, by=team.members["agent"])
    pass_time(clock)
    assert sent() == []

    write(line, "Hello?")
    pass_time(clock)

    assert [to for to, _ in sent()] == ["agent@example.com"]
    assert "> Hello?" in last_text()


# --- Each kind --------------------------------------------------------------------------------


def test_who_wants_hears_of_every_customer_and_nobody_of_another_project(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    for role in ("owner", "viewer"):
        choose(team, role, NewsKind.INBOX)
    write(line, number=1)
    write(make_line(team.owner.personal_project), number=2)

    pass_time(clock)

    assert sorted(sent()) == [
        ("owner@example.com", "My Store: 1 conversation"),
        ("viewer@example.com", "My Store: 1 conversation"),
    ]


def test_orders_that_need_somebody_are_news(team: Team, clock: time_machine.Traveller) -> None:
    choose(team, "viewer", NewsKind.ORDERS)
    owner = team.owner
    new = place(team, title="New")
    failing = place(team, title="Sails")
    blocked = place(team, failing, title="Sew")
    done = place(team, title="Done")
    ready = place(team, done, title="Next")
    pass_time(clock)
    assert sent() == [("viewer@example.com", "My Store: 5 orders")]
    assert f'- Order #{new.pk} "New" is new.' in last_text()

    move_order(order_id=failing.pk, status="failed", by=owner)
    move_order(order_id=done.pk, status="active", by=owner)
    move_order(order_id=done.pk, status="completed", by=owner)
    pass_time(clock, INTERVAL)

    assert len(sent()) == 2
    lines = [each for each in last_text().splitlines() if each.startswith("- ")]
    assert lines == [
        f'- Order #{failing.pk} "Sails" failed.',
        f'- Order #{blocked.pk} "Sew" is blocked by an order that went wrong.',
        f'- Order #{ready.pk} "Next" is ready: it no longer waits for any other order.',
    ]


def test_what_is_no_longer_true_of_an_order_is_left_out(
    team: Team, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.ORDERS)
    order, gone = place(team), place(team)
    work()
    move_order(order_id=order.pk, status="shipped", by=team.owner)
    Order.objects.filter(pk=gone.pk).delete()

    pass_time(clock)

    assert sent() == []
    assert OutgoingEmail.objects.get().last_error == "Somebody has seen to everything."


def test_an_order_is_new_once_it_is_no_draft_and_stays_so_while_nobody_has_shipped_it(
    team: Team, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.ORDERS)
    order = place(team, title="Sails")
    draft = create_order(
        by=team.owner, project=team.project, fields={"title": "Sew", "status": "draft"}
    )
    move_order(order_id=order.pk, status="active", by=team.owner)
    pass_time(clock)
    lines = [each for each in last_text().splitlines() if each.startswith("- ")]
    assert lines == [f'- Order #{order.pk} "Sails" is new.']

    move_order(order_id=draft.pk, status="pending", by=team.owner)
    pass_time(clock, INTERVAL)

    lines = [each for each in last_text().splitlines() if each.startswith("- ")]
    assert lines == [f'- Order #{draft.pk} "Sew" is new.']


def test_the_past_of_a_shop_and_tests_are_no_news(
    team: Team, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.ORDERS)
    old, test = place(team), place(team)
    long_ago = timezone.now() - timedelta(days=2)
    Order.objects.filter(pk=old.pk).update(ordered_at=long_ago)
    Order.objects.filter(pk=test.pk).update(is_test=True)

    work()

    assert targets() == []


# --- Who is told nothing ----------------------------------------------------------------------


def test_nobody_hears_of_what_they_did_themselves(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    agent = team.members["agent"]
    choose(team, "agent", NewsKind.ORDERS)
    place(team, by="agent")
    message = write(line)
    mark_read(message=message, by=agent)
    assign(message, agent, agent)

    work()

    assert targets() == []


@pytest.mark.parametrize("loss", ["left", "deactivated", "deleted", "closed", "unconfirmed"])
@pytest.mark.parametrize("when", ["before the relay", "before the delivery", "before the e-mail"])
def test_who_may_not_hear_any_more_is_told_nothing(
    team: Team, line: Line, clock: time_machine.Traveller, loss: str, when: str
) -> None:
    agent = team.members["agent"]
    choose(team, "agent", NewsKind.INBOX)

    def lose() -> None:
        if loss == "left":
            remove_member(project=team.project, user=agent, by=team.owner)
        elif loss == "deactivated":
            User.objects.filter(pk=agent.pk).update(is_active=False)
        elif loss == "deleted":
            User.objects.filter(pk=agent.pk).delete()
        elif loss == "closed":
            team.project.is_active = False
            team.project.save()
        else:
            User.objects.filter(pk=agent.pk).update(email_verified_at=None)

    write(line)
    if when == "before the relay":
        lose()
    relay_events()
    if when == "before the delivery":
        lose()
    work()
    if when == "before the e-mail":
        lose()
    pass_time(clock)

    assert sent() == []


def test_an_address_that_nobody_confirmed_gets_no_words_of_strangers(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    User.objects.filter(email="agent@example.com").update(email_verified_at=None)
    assign(write(line), team.members["agent"], team.owner)

    work()

    assert targets() == []


def test_a_blocked_contact_is_no_news(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    message = write(line)
    work()
    change_contact(
        contact=message.conversation.contact, by=team.owner, changes={"is_blocked": True}
    )
    write(line, "Me again")

    pass_time(clock)

    assert sent() == []


def test_a_deleted_message_is_no_news(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    message = write(line)
    receive_deletion(line=line, provider_id=message.provider_id, deleted_at=timezone.now())

    work()

    assert targets() == []


def test_what_a_colleague_has_read_is_no_news(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    message = write(line)
    work()
    assert targets() == ["email viewer"]
    mark_conversation_read(conversation=message.conversation, by=team.owner)

    pass_time(clock)

    assert sent() == []
    email = OutgoingEmail.objects.get()
    assert (email.state, email.last_error) == ("dropped", "Somebody has seen to everything.")


def test_a_conversation_that_was_given_to_somebody_else_is_theirs(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    message = write(line)
    assign(message, team.members["agent"], team.owner)
    work()
    assign(message, team.members["manager"], team.owner)

    pass_time(clock)

    assert [to for to, _ in sent()] == ["manager@example.com"]


def test_who_switches_it_off_gets_not_even_what_was_collected(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    assign(write(line), team.members["agent"], team.owner)
    work()
    choose(team, "agent", NewsKind.ASSIGNED, is_on=False)

    pass_time(clock)
    assign(write(line, number=2), team.members["agent"], team.owner)
    pass_time(clock)

    assert sent() == []


# --- How often --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_storm_of_messages_is_one_email_with_a_bounded_list(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    for number in range(1, 41):
        for again in range(5):
            write(line, f"Message {again}", number=number)

    pass_time(clock)
    pass_time(clock, timedelta(minutes=1))

    # One for each conversation, however much its customer writes.
    assert len(targets()) == 40
    assert sent() == [("viewer@example.com", "My Store: 40 conversations")]
    lines = [each for each in last_text().splitlines() if each.startswith("- ")]
    assert lines[0] == "- Ada 1, on WhatsApp (5 unread)"
    assert (len(lines), lines[-1]) == (11, "- and 30 more conversations")
    assert "> Message 4" in last_text()


@pytest.mark.slow
def test_the_next_email_waits_for_a_quarter_of_an_hour(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    for number in range(1, 61):
        write(line, number=number)
        pass_time(clock, timedelta(minutes=1))

    # An hour has passed.
    assert len(sent()) <= 5
    pass_time(clock, INTERVAL)
    told = sum(str(message.subject).count(":") for message in mail.outbox)
    assert told == len(sent())
    assert DigestEntry.objects.count() == 60


def test_two_projects_do_not_wait_for_each_other(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    owner = team.owner
    choose(team, "owner", NewsKind.INBOX)
    change_preferences(
        project=owner.personal_project, user=owner, changes={NewsKind.INBOX: {"email": True}}
    )
    write(line, number=1)
    write(make_line(owner.personal_project), number=2)

    pass_time(clock)

    assert len(sent()) == 2


# --- What it says -----------------------------------------------------------------------------


def test_it_leads_to_the_page_on_which_its_reader_chooses(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    assign(write(line), team.members["agent"], team.members["manager"])
    pass_time(clock)
    message = mail.outbox[-1]
    assert isinstance(message, EmailMultiAlternatives)
    html = str(message.alternatives[0][0])

    [link] = re.findall(r"^http.*/app/.*$", last_text(), re.MULTILINE)
    page = browser_of(team.members["agent"]).get(link.removeprefix(settings.PUBLIC_URL))

    assert page.status_code == 200
    assert set(page.context["form"].fields) == set(NewsKind.values)
    assert f'href="{link}"' in html
    assert "/api/" not in last_text() + html


def test_hostile_text_is_text(team: Team, line: Line, clock: time_machine.Traveller) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    person = Person(provider_id="US.9", name="<b>Ada</b>\r\nBcc: eve@example.com\u202e")
    content = "<script>alert(1)</script>\n\n- Order #1 is free\u202e{{ service }} @everyone"
    receive_message(line=line, incoming=incoming(content, person=person))

    pass_time(clock)

    message = mail.outbox[-1]
    assert isinstance(message, EmailMultiAlternatives)
    assert (message.to, message.subject) == (["viewer@example.com"], "My Store: 1 conversation")
    html = str(message.alternatives[0][0])
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;Ada&lt;/b&gt;" in html
    text = last_text()
    assert "\u202e" not in text + html
    # All of it is on one line, so it cannot look like a line of ours.
    assert [each for each in text.splitlines() if "Order #1" in each] == [
        "  > <script>alert(1)</script> - Order #1 is free\\u202e{{ service }} @everyone"
    ]


def test_a_message_without_text_is_named_by_its_kind(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    write(line, "")
    Message.objects.update(content_type="image")

    pass_time(clock)

    assert "> (image)" in last_text()


# --- Crashes and repeats ----------------------------------------------------------------------


def test_a_repeat_of_a_delivery_adds_nothing(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    write(line)
    relay_events()
    delivery = EventDelivery.objects.get(subscriber=noticing.SUBSCRIBER)

    # A worker dies after telling, before it writes so; another one repeats it.
    for _ in range(3):
        noticing.deliver(delivery.event, delivery.target)
    pass_time(clock)
    noticing.deliver(delivery.event, delivery.target)
    pass_time(clock, INTERVAL)

    assert DigestEntry.objects.count() == 1
    assert len(sent()) == 1


def test_an_email_that_was_cut_off_says_the_same_again(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    write(line, number=1)
    work()
    # A worker writes the e-mail and dies before it is sent.
    assert close_digest(Digest.objects.get().pk) is not None
    write(line, number=2)
    pass_time(clock)

    assert sent() == [("viewer@example.com", "My Store: 1 conversation")]
    pass_time(clock, INTERVAL)
    assert sent()[1:] == [("viewer@example.com", "My Store: 1 conversation")]
    assert "Ada 2" in last_text()


def test_an_email_that_never_went_out_holds_up_no_news(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    write(line, number=1)
    work()
    OutgoingEmail.objects.update(state="failed")
    write(line, number=2)

    pass_time(clock, INTERVAL)

    assert len(sent()) == 1
    assert "Ada 2" in last_text()


def test_if_picking_fails_everybody_is_found_at_the_delivery(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    choose(team, "owner", NewsKind.INBOX)
    write(line)
    event = Event.objects.get(type="message_received")

    noticing.deliver(event, "")
    noticing.deliver(event, "")
    pass_time(clock)

    assert sorted(to for to, _ in sent()) == ["owner@example.com", "viewer@example.com"]


def test_a_merged_conversation_stays_in_the_email(
    team: Team, line: Line, clock: time_machine.Traveller
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    kept, gone = write(line, number=1), write(line, number=2)
    mark_conversation_read(conversation=kept.conversation, by=team.owner)
    work()
    merge_contacts(
        contact=kept.conversation.contact, other=gone.conversation.contact, by=team.owner
    )

    pass_time(clock)

    assert sent() == [("viewer@example.com", "My Store: 1 conversation")]


def test_old_digests_are_forgotten(team: Team, line: Line, clock: time_machine.Traveller) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    write(line)
    pass_time(clock)
    assert forget_digests() == 0

    clock.shift(timedelta(days=31))

    assert forget_digests() == 1
    assert not DigestEntry.objects.exists()


# --- What it costs ----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 12])
def test_picking_needs_the_same_statements_for_any_number_of_events(
    team: Team,
    line: Line,
    clock: time_machine.Traveller,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    for role in ("owner", "viewer", "manager"):
        choose(team, role, NewsKind.INBOX)
        choose(team, role, NewsKind.ORDERS)
    for number in range(1, count + 1):
        assign(write(line, number=number), team.members["agent"], team.owner)
        place(team, by="agent")
    events = list(Event.objects.order_by("pk"))

    # Messages, conversations, wishes, orders, members, their choices, whom e-mails reach.
    with django_assert_num_queries(7):
        picked = list(noticing.wants(events))

    # Three members hear of each order and each message, and the agent of their own conversation,
    # when it is assigned and because of its message.
    assert len(picked) == 8 * count


def test_orders_cost_one_statement_if_nobody_asked(
    team: Team, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    place(team)
    events = list(Event.objects.all())

    with django_assert_num_queries(1):
        assert noticing.wants(events) == []


@pytest.mark.parametrize("count", [2, 9])
def test_an_email_needs_the_same_statements_for_any_number_of_entries(
    team: Team,
    line: Line,
    clock: time_machine.Traveller,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    choose(team, "viewer", NewsKind.INBOX)
    choose(team, "viewer", NewsKind.ORDERS)
    for number in range(1, count + 1):
        write(line, number=number)
        place(team)
    work()
    clock.shift(QUIET)
    [email_id] = outbox.due_emails()

    with django_assert_max_num_queries(20):
        outbox.send(email_id)

    assert sent() == [("viewer@example.com", f"My Store: {count} conversations, {count} orders")]
