"""Customers are told of their orders: once, over the right channel, and of news only."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import OutgoingEmail, Project, User
from accounts.tests.factories import make_user
from notifications.channels import Line, Person
from notifications.errors import ContactNotFound
from notifications.models import Contact, Conversation, Message, RuleOutcome
from notifications.models.messages import ContentType
from notifications.models.rules import ANY_CHANNEL, EMAIL, TOO_LATE, Occasion
from notifications.services import (
    Recipient,
    accept_invitation,
    change_rule,
    delete_rule,
    invite,
    receive_message,
    retry_message,
    send_message,
    set_blocked,
)
from notifications.tasks import forget_reports
from notifications.tests.factories import incoming
from notifications.tests.pretend import DAY, PRETEND, Pretend, pretending
from notifications.tests.rules import (
    ADAS_NUMBER,
    due,
    make_rule,
    outcomes,
    ship,
    tell_all,
)
from notifications.work import sending, telling
from orderchainer.core.outbox import Drop, TryAgain
from orders.models import Order
from orders.services import delete_order
from orders.stream import deliveries
from orders.stream.models import DeliveryTarget, EventDelivery
from orders.stream.relay import relay_events
from orders.tests.factories import make_order
from orders.tests.outside import NOON, mirror

pytestmark = pytest.mark.django_db

TEMPLATE = {"name": "order_shipped", "language": "en_US", "parameters": ["{order_number}"]}


@pytest.fixture
def order(agent: User) -> Order:
    return make_order(agent, title="Lamp", customer_phone="+1 (650) 555-1234", status="active")


# --- Being told -------------------------------------------------------------------------------


def test_a_customer_is_told_once_that_the_order_is_shipped(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    rule = make_rule(agent.personal_project)

    ship(order)
    tell_all()
    tell_all()

    message = Message.objects.get()
    assert (message.content, message.author, message.order) == (
        f"Order #{order.pk} is shipped.",
        None,
        order,
    )
    [outcome] = RuleOutcome.objects.all()
    assert (outcome.rule, outcome.state, outcome.message) == (rule, "queued", message)
    assert Conversation.objects.get().status == "closed"
    for part in sending.due_parts():
        sending.send_part(part)
    assert [(each.text, each.number) for each in pretend.asked] == [
        (f"Order #{order.pk} is shipped.", "16505551234")
    ]


def test_a_delivery_that_comes_again_tells_nobody_twice(
    agent: User, ours: Line, order: Order
) -> None:
    make_rule(agent.personal_project)
    event = ship(order)
    tell_all()

    deliveries.retry_now(EventDelivery.objects.values_list("pk", flat=True))
    telling.deliver(event, str(agent.personal_project.pk))
    # As if picking had failed: the delivery then names no target.
    telling.deliver(event, "")

    assert Message.objects.count() == 1
    assert RuleOutcome.objects.count() == 1


def test_the_database_itself_refuses_a_second_outcome(
    agent: User, ours: Line, order: Order
) -> None:
    make_rule(agent.personal_project)
    ship(order)
    tell_all()
    first = RuleOutcome.objects.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        RuleOutcome.objects.create(
            project=first.project,
            rule=first.rule,
            occasion=first.occasion,
            event_id=first.event_id,
            reason="again",
        )


def test_two_rules_for_one_event_use_two_channels_or_one_of_them_is_skipped(
    agent: User, ours: Line, order: Order
) -> None:
    Order.objects.update(customer_email="ada@example.org")
    for channel in (PRETEND, ANY_CHANNEL, EMAIL):
        make_rule(agent.personal_project, channel=channel)

    ship(order)
    tell_all()

    assert outcomes() == [
        ("queued", PRETEND, ""),
        ("skipped", "", "Another rule has told the customer of this on pretend."),
        ("queued", EMAIL, ""),
    ]
    assert Message.objects.count() == 1
    first = RuleOutcome.objects.get(channel=PRETEND)
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleOutcome.objects.filter(channel=EMAIL).update(channel=first.channel)


def test_a_worker_that_dies_between_two_lines_has_told_nobody(
    agent: User, ours: Line, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rule(agent.personal_project)
    ship(order)
    relay_events()
    [delivery] = due()

    def die(*_: object) -> None:
        raise SystemExit

    # After the message and before the outcome is written: everything is undone.
    with monkeypatch.context() as patched:
        patched.setattr(telling, "_settle", die)
        with pytest.raises(SystemExit):
            deliveries.deliver(delivery.pk)
    assert (Message.objects.count(), RuleOutcome.objects.count()) == (0, 0)

    # After all was written, but before the delivery is over: the repeat finds the outcome.
    with monkeypatch.context() as patched:
        patched.setattr("orderchainer.core.outbox.settle", die)
        _free(delivery)
        with pytest.raises(SystemExit):
            deliveries.deliver(delivery.pk)
    assert Message.objects.count() == 1
    _free(delivery)
    deliveries.deliver(delivery.pk)

    assert Message.objects.count() == 1
    assert outcomes() == [("queued", PRETEND, "")]
    delivery.refresh_from_db()
    assert delivery.state == "sent"


class _Death(SystemExit):
    """What ends a worker in a test."""


class _DiesBefore:
    """Ends the worker before its statement of that number. Afterwards it harms nobody."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise _Death
        return execute(sql, params, many, context)


@pytest.mark.slow
@pytest.mark.parametrize("channel", [PRETEND, EMAIL])
def test_a_worker_that_dies_before_any_statement_tells_the_customer_once(
    agent: User, ours: Line, channel: str
) -> None:
    make_rule(agent.personal_project, channel=channel)
    survived = number = 0
    while not survived:
        number += 1
        order = make_order(
            agent, status="active", customer_phone=ADAS_NUMBER, customer_email="ada@example.org"
        )
        ship(order)
        relay_events()
        [delivery] = due()
        try:
            with connection.execute_wrapper(_DiesBefore(number)):
                deliveries.deliver(delivery.pk)
            survived = number
        except _Death:
            _free(delivery)
            deliveries.deliver(delivery.pk)

        [outcome] = RuleOutcome.objects.filter(order=order)
        assert outcome.state == "queued", number
        messages = Message.objects.filter(order=order).count()
        emails = OutgoingEmail.objects.filter(kind="order_news", data__order_id=order.pk).count()
        assert (messages, emails) == ((1, 0) if channel == PRETEND else (0, 1)), number
        assert due() == []
    # It died at many places, and not only before it began.
    assert survived > 20


def _free(delivery: EventDelivery) -> None:
    """Let the leases of a dead worker run out."""
    EventDelivery.objects.filter(pk=delivery.pk).update(
        next_attempt_at=timezone.now(), claimed_until=None
    )
    DeliveryTarget.objects.update(busy_until=None)


@pytest.mark.parametrize(
    ("occasion", "status", "text"),
    [
        (Occasion.RECEIVED, "", "received"),
        (Occasion.READY, "", "ready"),
        (Occasion.BLOCKED, "", "blocked"),
    ],
)
def test_the_other_occasions_are_told_too(
    agent: User, ours: Line, occasion: Occasion, status: str, text: str
) -> None:
    make_rule(agent.personal_project, occasion=occasion, status=status, content=text)
    first = make_order(agent, status="active")
    make_order(agent, first, customer_phone=ADAS_NUMBER)
    ship(first, "failed" if occasion == Occasion.BLOCKED else "completed")

    tell_all()

    assert [message.content for message in Message.objects.all()] == [text]


def test_a_draft_is_received_when_it_leaves_the_draft_and_only_once(
    agent: User, ours: Line
) -> None:
    make_rule(agent.personal_project, occasion=Occasion.RECEIVED, content="Thank you!")
    order = make_order(agent, customer_phone=ADAS_NUMBER, status="draft")
    tell_all()
    assert Message.objects.count() == 0

    for status in ("pending", "draft", "pending"):
        ship(order, status)
        tell_all()

    assert Message.objects.count() == 1
    assert outcomes()[1:] == [("skipped", "", "The customer was told before.")]


def test_the_events_of_an_order_are_told_in_their_order(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    make_rule(agent.personal_project)
    make_rule(agent.personal_project, occasion=Occasion.STATUS_REACHED, status="completed")
    pretend.set_trouble("It is paused.")
    ship(order)
    tell_all()
    ship(order, "completed")
    relay_events()
    first, second = due()

    # The first one waits, so the second one does too.
    pretend.set_trouble("")
    assert deliveries.deliver(second.pk) is None
    _free(first)
    deliveries.deliver(first.pk)
    deliveries.deliver(second.pk)

    texts = [message.content for message in Message.objects.order_by("pk")]
    assert texts == [f"Order #{order.pk} is {status}." for status in ("shipped", "completed")]


# --- To whom, and over which channel ----------------------------------------------------------


def test_a_customer_is_told_in_the_chat_in_which_they_wrote_last(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    other = pretend.add_line(agent.personal_project, name="second number")
    receive_message(line=ours, incoming=incoming())
    asked = receive_message(line=other, incoming=incoming())
    make_rule(agent.personal_project, channel=ANY_CHANNEL)

    ship(order)
    tell_all()

    assert asked is not None
    told = Message.objects.get(direction="outbound")
    assert (told.line, told.conversation) == (other.uuid, asked.conversation)


def test_a_rule_names_the_line_over_which_it_goes(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    other = pretend.add_line(agent.personal_project, name="second number")
    receive_message(line=ours, incoming=incoming())
    make_rule(agent.personal_project, line=other.uuid)

    ship(order)
    tell_all()

    assert Message.objects.get(direction="outbound").line == other.uuid


def test_who_followed_an_invitation_is_the_customer(
    agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(
        monkeypatch,
        needs_contact=True,
        invitation=lambda line, token: token,
    ) as pretend:
        line = pretend.add_line(agent.personal_project)
        order = make_order(agent, status="active")
        make_rule(agent.personal_project)
        accept_invitation(
            line=line, token=invite(line=line, order=order), person=Person(provider_id="77")
        )

        ship(order)
        tell_all()

        assert Message.objects.get().conversation.address.provider_id == "77"


def test_the_only_person_with_whom_the_order_was_talked_about_is_the_customer(
    agent: User, ours: Line
) -> None:
    order = make_order(agent, status="active")
    asked = receive_message(line=ours, incoming=incoming())
    Message.objects.update(order=order)
    make_rule(agent.personal_project)

    ship(order)
    tell_all()

    assert asked is not None
    assert Message.objects.filter(direction="outbound").get().conversation == asked.conversation


def test_a_customer_whom_only_the_chat_names_is_called_by_that_name(
    agent: User, ours: Line, order: Order
) -> None:
    receive_message(line=ours, incoming=incoming())
    make_rule(agent.personal_project, content="Hello {customer_name}!")

    ship(order)
    tell_all()

    assert Message.objects.get(direction="outbound").content == "Hello Ada!"


def test_of_two_people_who_talked_about_an_order_none_is_told(agent: User, ours: Line) -> None:
    order = make_order(agent, status="active")
    receive_message(line=ours, incoming=incoming())
    receive_message(line=ours, incoming=incoming(person=Person(provider_id="carrier")))
    Message.objects.update(order=order)
    make_rule(agent.personal_project)

    ship(order)
    tell_all()

    assert outcomes() == [("skipped", "", "The order has no phone number with its country's code.")]


def test_a_number_without_its_countrys_code_is_nobodys(agent: User, ours: Line) -> None:
    make_rule(agent.personal_project)
    order = make_order(agent, status="active", customer_phone="6505551234")

    ship(order)
    tell_all()

    assert outcomes() == [("skipped", "", "The order has no phone number with its country's code.")]
    assert Contact.objects.count() == 0


WEI = Person(provider_id="SG.1", number="6591234567", name="Wei")


def test_a_number_without_its_countrys_code_is_not_the_same_digits_in_another_country(
    agent: User, ours: Line
) -> None:
    receive_message(line=ours, incoming=incoming(person=WEI))
    make_rule(agent.personal_project)
    # In Alabama. With Singapore's code in front, these digits are Wei's.
    order = make_order(agent, status="active", customer_phone="(659) 123-4567")

    ship(order)
    tell_all()

    assert outcomes() == [("skipped", "", "The order has no phone number with its country's code.")]


def test_a_stop_of_somebody_who_may_be_the_customer_counts(agent: User, ours: Line) -> None:
    receive_message(line=ours, incoming=incoming("stop", person=WEI))
    make_rule(agent.personal_project, channel=EMAIL)
    order = make_order(
        agent, status="active", customer_phone="65 9123 4567", customer_email="wei@example.org"
    )

    ship(order)
    tell_all()

    assert outcomes() == [("skipped", "", "The customer asked for no more messages.")]


def test_a_carrier_who_talked_about_an_order_is_not_told_instead_of_its_customer(
    agent: User, ours: Line, order: Order
) -> None:
    carrier = Person(provider_id="carrier", number="491701234567", name="Carrier")
    receive_message(line=ours, incoming=incoming(person=carrier))
    Message.objects.update(order=order)
    make_rule(agent.personal_project)

    ship(order)
    tell_all()

    assert Message.objects.get(direction="outbound").address.number == "16505551234"


def test_a_person_without_a_number_who_talked_about_an_order_is_its_customer(
    agent: User, ours: Line, order: Order
) -> None:
    asked = receive_message(line=ours, incoming=incoming(person=Person(provider_id="77")))
    Message.objects.update(order=order)
    make_rule(agent.personal_project)

    ship(order)
    tell_all()

    assert asked is not None
    assert Message.objects.get(direction="outbound").conversation == asked.conversation


def test_a_contact_that_is_merged_at_this_moment_is_tried_again(
    agent: User, ours: Line, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive_message(line=ours, incoming=incoming())
    make_rule(agent.personal_project)
    event = ship(order)

    def merge_first(**_: object) -> Message:
        raise ContactNotFound

    with monkeypatch.context() as patched:
        patched.setattr("notifications.services.telling.send_message", merge_first)
        with pytest.raises(TryAgain):
            telling.deliver(event, "")
    assert outcomes() == []
    telling.deliver(event, "")

    assert outcomes() == [("queued", PRETEND, "")]


def test_a_customer_of_another_project_with_the_same_number_is_somebody_else(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    theirs = pretend.add_line(make_user().personal_project)
    receive_message(line=theirs, incoming=incoming("stop"))
    make_rule(agent.personal_project)

    ship(order)
    tell_all()

    assert Message.objects.get(direction="outbound").project == agent.personal_project


# --- Not being told ---------------------------------------------------------------------------


def test_tests_and_orders_of_the_past_tell_nobody(agent: User, ours: Line) -> None:
    project = agent.personal_project
    make_rule(project, occasion=Occasion.RECEIVED)
    make_rule(project)
    with time_machine.travel(NOON, tick=False):
        mirror(project, ordered_at=NOON - timedelta(days=3))
        mirror(project, external_id="2", is_test=True, ordered_at=NOON)
        # It was shipped days ago, and we hear of it only now.
        mirror(project, external_id="3", status="pending", ordered_at=NOON - timedelta(days=3))
        mirror(
            project,
            60,
            external_id="3",
            status="shipped",
            ordered_at=NOON - timedelta(days=3),
            fulfilled_at=NOON - timedelta(days=2),
        )
        tell_all()

    assert RuleOutcome.objects.count() == 0
    assert not EventDelivery.objects.filter(subscriber=telling.SUBSCRIBER).exists()


def test_news_of_an_old_order_is_news(agent: User, ours: Line) -> None:
    make_rule(agent.personal_project)
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        mirror(agent.personal_project, ordered_at=NOON - timedelta(days=3))
        mirror(
            agent.personal_project,
            60,
            status="shipped",
            ordered_at=NOON - timedelta(days=3),
            fulfilled_at=NOON,
        )
        tell_all()

    assert [message.content for message in Message.objects.all()] == ["Order #1001 is shipped."]


def test_an_old_event_that_somebody_has_delivered_again_tells_nobody(
    agent: User, ours: Line, order: Order
) -> None:
    make_rule(agent.personal_project)
    event = ship(order)

    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        telling.deliver(event, "")

    assert outcomes() == [("skipped", "", "It happened too long ago.")]


def test_what_is_no_longer_true_is_not_told(agent: User, ours: Line, order: Order) -> None:
    make_rule(agent.personal_project)
    ship(order)
    ship(order, "cancelled")

    tell_all()

    assert outcomes() == [
        ("skipped", "", "The rule no longer fitted the order by then. It was cancelled.")
    ]


def test_a_line_that_cannot_be_used_is_tried_again(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    make_rule(agent.personal_project)
    pretend.set_trouble("The provider refuses the token.")
    ship(order)
    tell_all()
    trouble = "our number cannot be used: The provider refuses the token."
    assert outcomes() == [("waiting", "", trouble)]
    [delivery] = due()
    assert delivery.attempts == 0
    pause = (delivery.next_attempt_at - timezone.now()).total_seconds()
    assert 50 < pause <= 60

    pretend.set_trouble("")
    _free(delivery)
    deliveries.deliver(delivery.pk)

    assert outcomes() == [("queued", PRETEND, "")]


@pytest.mark.parametrize("what", ["the order is deleted", "the project is closed"])
def test_what_waits_for_a_line_is_settled_when_nobody_is_told_any_more(
    agent: User, ours: Line, pretend: Pretend, order: Order, what: str
) -> None:
    make_rule(agent.personal_project)
    pretend.set_trouble("The provider refuses the token.")
    ship(order)
    tell_all()
    assert [state for state, _, _ in outcomes()] == ["waiting"]
    [delivery] = due()
    if what == "the order is deleted":
        delete_order(order_id=order.pk, by=agent)
        reason = "The order was deleted."
    else:
        Project.objects.update(is_active=False)
        reason = "No rule applies to it any more."

    _free(delivery)
    deliveries.deliver(delivery.pk)

    assert outcomes() == [("skipped", "", reason)]
    assert RuleOutcome.objects.get().settled_at is not None
    assert due() == []


def test_what_no_delivery_tries_any_more_does_not_wait_for_ever(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    make_rule(agent.personal_project)
    pretend.set_trouble("The provider refuses the token.")
    ship(order)
    tell_all()
    EventDelivery.objects.update(state=EventDelivery.State.DROPPED, finished_at=timezone.now())

    forget_reports()
    assert [state for state, _, _ in outcomes()] == ["waiting"]
    RuleOutcome.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    forget_reports()

    [(state, _, reason)] = outcomes()
    assert (state, reason.startswith(TOO_LATE)) == ("skipped", True)
    assert reason.endswith("The provider refuses the token.")
    assert due() == []


def test_the_line_on_which_the_customer_wrote_is_waited_for_and_no_invitation_is_kept(
    agent: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with pretending(
        monkeypatch,
        needs_contact=True,
        invitation=lambda line, token: f"https://chat.example/{token}",
    ) as pretend:
        theirs = pretend.add_line(agent.personal_project, name="first bot")
        pretend.add_line(agent.personal_project, name="second bot")
        order = make_order(agent, status="active")
        receive_message(line=theirs, incoming=incoming())
        Message.objects.update(order=order)
        make_rule(agent.personal_project)
        pretend.lines[0] = replace(theirs, trouble="The provider refuses the token.")
        event = ship(order)
        tell_all()
        reason = "The line over which the customer wrote on Pretend cannot be used."
        assert outcomes() == [("waiting", "", reason)]
        assert "rule_followed" in caplog.text
        assert "chat.example" not in caplog.text

        pretend.lines[0] = theirs
        telling.deliver(event, "")

    assert Message.objects.get(direction="outbound").line == theirs.uuid


def test_a_line_is_not_waited_for_for_ever(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    make_rule(agent.personal_project)
    pretend.set_trouble("It is paused.")
    ship(order)
    tell_all()
    [delivery] = due()

    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        deliveries.deliver(delivery.pk)

    assert outcomes() == [
        (
            "skipped",
            "",
            "It happened too long ago. our number cannot be used: It is paused.",
        )
    ]
    assert due() == []


def test_outside_the_window_a_text_is_skipped_and_a_template_goes(
    agent: User, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(monkeypatch, window=DAY) as pretend:
        pretend.add_line(agent.personal_project)
        make_rule(agent.personal_project)
        make_rule(
            agent.personal_project,
            occasion=Occasion.STATUS_REACHED,
            status="completed",
            template={**TEMPLATE, "parameters": ["{order_number}", "{status}"]},
        )
        ship(order)
        ship(order, "completed")
        tell_all()

    skipped, queued = outcomes()
    assert skipped == (
        "skipped",
        "",
        "The customer wrote too long ago for a free message. Send a template instead.",
    )
    assert queued == ("queued", PRETEND, "")
    message = Message.objects.get()
    assert message.content_type == ContentType.TEMPLATE
    assert message.details == {**TEMPLATE, "parameters": [f"#{order.pk}", "completed"]}


def test_within_the_window_the_text_goes(
    agent: User, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pretending(monkeypatch, window=DAY) as pretend:
        receive_message(line=pretend.add_line(agent.personal_project), incoming=incoming())
        make_rule(agent.personal_project, template=TEMPLATE)
        ship(order)
        tell_all()

    assert Message.objects.get(direction="outbound").content_type == ContentType.TEXT


def test_a_template_without_a_value_is_not_sent(agent: User, ours: Line, order: Order) -> None:
    template = {**TEMPLATE, "parameters": ["{customer_name}", "{link}"]}
    make_rule(agent.personal_project, content="", template=template)

    ship(order)
    tell_all()

    assert outcomes() == [
        (
            "skipped",
            "",
            "{customer_name} and {link} have no value for this order, and a template needs one.",
        )
    ]


def test_a_text_that_is_too_long_for_the_channel_is_not_sent(
    agent: User, ours: Line, order: Order
) -> None:
    Order.objects.update(title="x" * 200)
    make_rule(agent.personal_project, content="{order_title}")

    ship(order)
    tell_all()

    assert outcomes() == [("skipped", "", "A text on Pretend has at most 100 characters.")]
    assert Contact.objects.count() == 0


def test_a_blocked_contact_is_not_told(agent: User, ours: Line, order: Order) -> None:
    receive_message(line=ours, incoming=incoming())
    set_blocked(contact=Contact.objects.get(), is_blocked=True, by=agent)
    Order.objects.update(customer_email="ada@example.org")
    make_rule(agent.personal_project, channel=ANY_CHANNEL)

    ship(order)
    tell_all()

    assert outcomes() == [("skipped", "", "The contact is blocked.")]
    assert OutgoingEmail.objects.filter(kind="order_news").count() == 0


def test_who_said_stop_is_told_nothing_on_any_channel_and_members_can_write(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    receive_message(line=ours, incoming=incoming(" Stop "))
    Order.objects.update(customer_email="ada@example.org")
    make_rule(agent.personal_project, channel=ANY_CHANNEL)
    make_rule(agent.personal_project, channel=EMAIL)

    ship(order)
    tell_all()

    reason = "The customer asked for no more messages."
    assert outcomes() == [("skipped", "", reason)] * 2
    assert OutgoingEmail.objects.filter(kind="order_news").count() == 0


def test_who_says_stop_before_a_queued_message_goes_out_does_not_get_it(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    make_rule(agent.personal_project)
    ship(order)
    tell_all()
    receive_message(line=ours, incoming=incoming("STOP"))

    for part in sending.due_parts():
        sending.send_part(part)

    assert pretend.asked == []
    assert Message.objects.get(direction="outbound").status == "failed"


def test_a_queued_message_is_not_sent_twelve_hours_later(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    make_rule(agent.personal_project)
    ship(order)
    tell_all()
    by_hand = send_message(
        project=agent.personal_project,
        by=agent,
        recipient=Recipient(phone=ADAS_NUMBER),
        channel=PRETEND,
        content="Is it there?",
    )
    # The line broke before either went out, and somebody has repaired it by now.
    told = Message.objects.get(author=None)
    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        for _ in range(2):
            for part in sending.due_parts():
                sending.send_part(part)

        assert pretend.texts == [by_hand.content]
        told.refresh_from_db()
        assert (told.status, told.error) == ("failed", "It happened too long ago.")
        # A member may decide that the customer should hear of it all the same.
        retry_message(message=told, by=agent)
        for part in sending.due_parts():
            sending.send_part(part)
    assert pretend.texts == [by_hand.content, told.content]


def test_a_queued_message_that_is_no_longer_true_is_not_sent(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    make_rule(agent.personal_project)
    ship(order)
    tell_all()
    told = Message.objects.get(author=None)
    # It waited while the line was broken, and the order was cancelled meanwhile.
    ship(order, "cancelled")

    for part in sending.due_parts():
        sending.send_part(part)

    assert pretend.texts == []
    told.refresh_from_db()
    reason = "The rule no longer fitted the order by then. It was cancelled."
    assert (told.status, told.error) == ("failed", reason)
    # A member may decide that the customer should hear of it all the same.
    retry_message(message=told, by=agent)
    for part in sending.due_parts():
        sending.send_part(part)
    assert pretend.texts == [told.content]


@pytest.mark.parametrize("change", ["reuse", "delete"])
@pytest.mark.parametrize("is_true", [True, False])
def test_a_queued_message_says_what_its_rule_said_whatever_becomes_of_the_rule(
    agent: User, ours: Line, pretend: Pretend, order: Order, change: str, is_true: bool
) -> None:
    rule = make_rule(agent.personal_project)
    ship(order)
    tell_all()
    told = Message.objects.get(author=None)
    if change == "reuse":
        change_rule(rule=rule, by=agent, fields={"status": "cancelled", "content": "Cancelled"})
    else:
        delete_rule(rule=rule, by=agent)
    if not is_true:
        ship(order, "cancelled")

    for part in sending.due_parts():
        sending.send_part(part)

    assert pretend.texts == ([told.content] if is_true else [])


def test_a_queued_message_to_a_customer_who_was_erased_meanwhile_is_not_sent(
    agent: User, ours: Line, pretend: Pretend, order: Order
) -> None:
    make_rule(agent.personal_project)
    ship(order)
    tell_all()
    Order.objects.update(customer_erased_at=timezone.now())

    for part in sending.due_parts():
        sending.send_part(part)

    assert pretend.texts == []
    told = Message.objects.get(author=None)
    assert (told.status, told.error) == ("failed", "The customer's data was erased.")


def test_a_rule_that_is_off_or_gone_tells_nobody(agent: User, ours: Line, order: Order) -> None:
    make_rule(agent.personal_project, is_active=False)
    completed = make_rule(
        agent.personal_project, occasion=Occasion.STATUS_REACHED, status="completed"
    )
    ship(order)
    event = ship(order, "completed")
    relay_events()
    delete_rule(rule=completed, by=agent)

    with pytest.raises(Drop, match="No rule applies to it"):
        telling.deliver(event, "")

    assert Message.objects.count() == 0


def test_a_rule_that_is_switched_off_forgets_what_waits(
    agent: User, ours: Line, order: Order, pretend: Pretend
) -> None:
    rule = make_rule(agent.personal_project)
    event = ship(order)
    pretend.set_trouble("It is paused.")
    telling.follow(rule.pk, event)
    assert [state for state, _, _ in outcomes()] == ["waiting"]

    change_rule(rule=rule, by=agent, fields={"is_active": False})

    assert outcomes() == [("skipped", "", "The rule was switched off.")]
    # It is old news by the time somebody switches the rule on again.
    change_rule(rule=rule, by=agent, fields={"is_active": True})
    pretend.set_trouble("")
    telling.follow(rule.pk, event)
    assert Message.objects.count() == 0


def test_a_rule_that_is_deleted_forgets_what_waits(
    agent: User, ours: Line, order: Order, pretend: Pretend
) -> None:
    rule = make_rule(agent.personal_project)
    pretend.set_trouble("It is paused.")
    telling.follow(rule.pk, ship(order))

    delete_rule(rule=rule, by=agent)

    assert outcomes() == [("skipped", "", "The rule was deleted.")]


def test_an_order_that_was_deleted_tells_nobody(agent: User, ours: Line, order: Order) -> None:
    make_rule(agent.personal_project)
    event = ship(order)
    relay_events()
    ship(order, "cancelled")
    delete_order(order_id=order.pk, by=agent)

    with pytest.raises(Drop):
        telling.deliver(event, "")

    assert RuleOutcome.objects.count() == 0


def test_an_outcome_outlives_its_order(agent: User, ours: Line, order: Order) -> None:
    make_rule(agent.personal_project)
    ship(order)
    tell_all()
    ship(order, "cancelled")

    delete_order(order_id=order.pk, by=agent)

    assert RuleOutcome.objects.get().order is None


# --- Picking ----------------------------------------------------------------------------------


def test_picking_takes_two_statements_at_any_size(
    agent: User, ours: Line, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_rule(agent.personal_project)
    orders = [make_order(agent, customer_phone=ADAS_NUMBER, status="active") for _ in range(9)]
    events = [ship(order) for order in orders]

    for size in (2, 9):
        with django_assert_num_queries(2):
            wanted = list(telling.wants(events[:size]))
        assert len(wanted) == size
        assert {target for _, target in wanted} == {str(agent.personal_project.pk)}


def test_without_a_rule_picking_takes_one_statement(
    agent: User, order: Order, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    event = ship(order)

    with django_assert_num_queries(1):
        assert list(telling.wants([event])) == []


def test_telling_takes_as_many_statements_however_much_was_said(
    agent: User, ours: Line, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_rule(agent.personal_project)
    receive_message(line=ours, incoming=incoming())
    events = []
    for _ in range(2):
        order = make_order(agent, customer_phone=ADAS_NUMBER, status="active")
        events.append(ship(order))
    with django_assert_max_num_queries(40) as few:
        telling.deliver(events[0], "")
    for _ in range(20):
        receive_message(line=ours, incoming=incoming())
    with django_assert_max_num_queries(40) as many:
        telling.deliver(events[1], "")

    assert len(few) == len(many)
