"""Customers are told of their orders once, whatever dies meanwhile."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import OutgoingEmail, User
from notifications.channels import Line
from notifications.models import Conversation, Message, RuleOutcome
from notifications.models.rules import ANY_CHANNEL, EMAIL, Occasion
from notifications.services import receive_message
from notifications.tests.factories import incoming
from notifications.tests.pretend import PRETEND, Pretend
from notifications.tests.rules import ADAS_NUMBER, due, free, make_rule, outcomes, ship, tell_all
from notifications.work import sending, telling
from orders.models import Order
from orders.stream import deliveries
from orders.stream.models import EventDelivery
from orders.stream.relay import relay_events
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db


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
        free(delivery)
        with pytest.raises(SystemExit):
            deliveries.deliver(delivery.pk)
    assert Message.objects.count() == 1
    free(delivery)
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
            free(delivery)
            deliveries.deliver(delivery.pk)

        [outcome] = RuleOutcome.objects.filter(order=order)
        assert outcome.state == "queued", number
        messages = Message.objects.filter(order=order).count()
        emails = OutgoingEmail.objects.filter(kind="order_news", data__order_id=order.pk).count()
        assert (messages, emails) == ((1, 0) if channel == PRETEND else (0, 1)), number
        assert due() == []
    # It died at many places, and not only before it began.
    assert survived > 20


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
    free(first)
    deliveries.deliver(first.pk)
    deliveries.deliver(second.pk)

    texts = [message.content for message in Message.objects.order_by("pk")]
    assert texts == [f"Order #{order.pk} is {status}." for status in ("shipped", "completed")]


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
