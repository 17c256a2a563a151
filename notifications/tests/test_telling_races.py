"""Two workers, or a worker and a manager, at the same moment."""

import pytest
from django.db import OperationalError

from accounts.models import User
from notifications.channels import Line
from notifications.models import Message, NotificationRule, RuleOutcome
from notifications.services import change_rule, delete_rule
from notifications.tests.pretend import Pretend
from notifications.tests.rules import ADAS_NUMBER, make_rule, outcomes, ship
from notifications.work import telling
from orderchainer.testing.races import Meeting, on_postgresql, race, without_constraint
from orders.models import Order
from orders.services import delete_order
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = [on_postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def event(agent: User, ours: Line) -> Event:
    make_rule(agent.personal_project)
    return ship(make_order(agent, status="active", customer_phone=ADAS_NUMBER))


def test_two_workers_with_one_event_tell_the_customer_once(event: Event) -> None:
    meeting = Meeting('INSERT INTO "notifications_ruleoutcome"')

    race(*[lambda: telling.deliver(event, "")] * 2, meeting=meeting)

    assert Message.objects.count() == 1
    assert [state for state, *_ in outcomes()] == ["queued"]


def test_without_lock_and_constraint_two_workers_would_tell_them_twice(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "lock_orders", lambda ids: Order.objects.in_bulk(ids))
    monkeypatch.setattr(
        NotificationRule.objects.none().__class__, "select_for_update", lambda self, **_: self
    )
    table = "notifications_ruleoutcome"
    with (
        without_constraint(table, "rule_outcome_once_for_event"),
        without_constraint(table, "rule_outcome_one_message_for_event"),
    ):
        meeting = Meeting('INSERT INTO "notifications_ruleoutcome"')
        race(*[lambda: telling.deliver(event, "")] * 2, meeting=meeting)
        told = Message.objects.count()
        Message.objects.all().delete()
        RuleOutcome.objects.all().delete()

    assert told == 2


def test_the_constraint_alone_is_enough(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "lock_orders", lambda ids: Order.objects.in_bulk(ids))
    meeting = Meeting('INSERT INTO "notifications_ruleoutcome"')

    race(*[lambda: telling.deliver(event, "")] * 2, meeting=meeting)

    assert Message.objects.count() == 1


def test_a_rule_that_is_deleted_at_the_same_moment_has_told_or_not(
    event: Event, agent: User
) -> None:
    rule = NotificationRule.objects.get()

    told, deleted = race(
        lambda: telling.follow(rule.pk, event), lambda: delete_rule(rule=rule, by=agent)
    )

    assert not isinstance(told, Exception)
    assert not isinstance(deleted, Exception)
    assert NotificationRule.objects.count() == 0
    assert Message.objects.count() == (0 if told is None else 1)


def test_a_rule_that_is_switched_off_tells_nobody_afterwards(event: Event, agent: User) -> None:
    rule = NotificationRule.objects.get()

    told, _changed = race(
        lambda: telling.follow(rule.pk, event),
        lambda: change_rule(rule=rule, by=agent, fields={"is_active": False}),
    )

    assert Message.objects.count() == (0 if told is None else 1)
    assert telling.follow(rule.pk, event) is None


def test_an_order_that_is_deleted_at_the_same_moment_blocks_nobody(
    event: Event, agent: User, pretend: Pretend
) -> None:
    rule = NotificationRule.objects.get()
    # The second try writes to a row that names the order.
    pretend.set_trouble("It is paused.")
    telling.follow(rule.pk, event)
    pretend.set_trouble("")
    order_id = event.order_id or 0

    told, deleted = race(
        lambda: telling.follow(rule.pk, event),
        lambda: delete_order(order_id=order_id, by=agent),
    )

    assert not isinstance(told, Exception)
    assert not isinstance(deleted, OperationalError)
    assert RuleOutcome.objects.count() == 1
