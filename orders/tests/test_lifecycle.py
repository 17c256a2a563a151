"""Which moves an order can make, and which times it records."""

from datetime import UTC, datetime

import pytest
import time_machine

from accounts.models import User
from accounts.tests.factories import make_user
from orders.errors import MoveRefused
from orders.models import Order
from orders.services import move_order
from orders.stream.models import Event
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

DESIGNED = {
    "draft": "pending active cancelled",
    "pending": "draft active shipped fulfilled completed failed cancelled",
    "active": "draft shipped fulfilled completed failed cancelled",
    "shipped": "fulfilled completed failed cancelled",
    "fulfilled": "completed",
    "completed": "",
    "failed": "pending cancelled",
    "cancelled": "",
}

NOON = datetime(2024, 2, 14, 12, tzinfo=UTC)


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


@pytest.mark.parametrize("status", DESIGNED)
def test_allows_the_designed_moves_and_no_others(ada: User, status: str) -> None:
    for wanted in DESIGNED.keys() - {status}:
        order = make_order(ada, status=status)
        if wanted in DESIGNED[status].split():
            assert move_order(order_id=order.pk, status=wanted, by=ada).status == wanted
            continue
        with pytest.raises(MoveRefused) as refusal:
            move_order(order_id=order.pk, status=wanted, by=ada)
        assert refusal.value.data["open_moves"] == DESIGNED[status].split()
        assert Order.objects.get(pk=order.pk).status == status
        assert Event.objects.filter(order=order).count() == 1


def test_remembers_when_it_was_fulfilled_by_a_move(ada: User) -> None:
    order = make_order(ada)

    with time_machine.travel(NOON, tick=False):
        move_order(order_id=order.pk, status="fulfilled", by=ada)
    move_order(order_id=order.pk, status="completed", by=ada)

    order.refresh_from_db()
    assert order.fulfilled_at == NOON
    assert order.status_changed_at > NOON


def test_remembers_when_it_was_fulfilled_from_the_start(ada: User) -> None:
    with time_machine.travel(NOON, tick=False):
        order = make_order(ada, status="fulfilled")

    order.refresh_from_db()
    assert order.fulfilled_at == NOON
