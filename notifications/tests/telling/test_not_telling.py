"""Customers are told of news only, and of nothing that is not true."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Project, User
from notifications.channels import Line
from notifications.models import Contact, Message, RuleOutcome
from notifications.models.messages import ContentType
from notifications.models.rules import TOO_LATE, Occasion
from notifications.services import receive_message
from notifications.tasks import forget_reports
from notifications.tests.factories import incoming
from notifications.tests.pretend import DAY, PRETEND, Pretend, pretending
from notifications.tests.rules import TEMPLATE, due, free, make_rule, outcomes, ship, tell_all
from notifications.work import telling
from orders.models import Order
from orders.services import delete_order
from orders.stream import deliveries
from orders.stream.models import EventDelivery
from orders.tests.factories import make_order
from orders.tests.outside import NOON, mirror

pytestmark = pytest.mark.django_db


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
    free(delivery)
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

    free(delivery)
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
        reason = "The Pretend account to which the customer wrote cannot be used."
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
