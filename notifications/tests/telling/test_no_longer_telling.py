"""Nobody is told who does not want it, and what is queued goes out only while it fits."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import OutgoingEmail, User
from notifications.channels import Line
from notifications.models import Contact, Message, RuleOutcome
from notifications.models.rules import ANY_CHANNEL, EMAIL, Occasion
from notifications.services import (
    Recipient,
    change_rule,
    delete_rule,
    receive_message,
    retry_message,
    send_message,
    set_blocked,
)
from notifications.tests.factories import incoming
from notifications.tests.pretend import PRETEND, Pretend
from notifications.tests.rules import ADAS_NUMBER, make_rule, outcomes, ship, tell_all
from notifications.work import sending, telling
from orderchainer.core.outbox import Drop
from orders.models import Order
from orders.services import delete_order
from orders.stream.relay import relay_events

pytestmark = pytest.mark.django_db


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
