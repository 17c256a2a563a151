"""How many statements one message of a source takes."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from accounts.models import Project, User
from orderchainer.testing.statements import Statements
from orders.lifecycle import Status
from orders.models import Order
from orders.services import update_order
from orders.tests.factories import make_chain, make_order
from orders.tests.outside import MUG, mirror

pytestmark = pytest.mark.django_db


def statements_of(shop: Project, seconds: int, **changes: Any) -> int:
    """Mirror the order, and return how many statements that took."""
    statements = Statements()
    with connection.execute_wrapper(statements):
        mirror(shop, seconds, **changes)
    # Without the project's first member, and the savepoint of the test's own transaction.
    return len(statements.take()) - 1 - 2


MANY = [replace(MUG, quantity=number) for number in range(1, 41)]
FEWER = [replace(each, unit_price=Decimal(1)) for each in MANY[:30]]


def test_an_order_that_nothing_waits_for_takes_at_most_six_statements(shop: Project) -> None:
    everything: dict[str, Any] = {"total": Decimal(9), "customer_name": "Ada"}

    assert statements_of(shop, 0) == 5
    assert statements_of(shop, 0) == 1
    assert statements_of(shop, 1) == 2
    assert statements_of(shop, 2, total=Decimal(1)) == 3
    assert statements_of(shop, 3, **everything, status=Status.ACTIVE, items=MANY) == 5
    assert statements_of(shop, 4, **everything, status=Status.SHIPPED, items=FEWER) == 5
    # One more to see whether an order waits for it by now.
    assert statements_of(shop, 5, status=Status.COMPLETED, items=FEWER[:5]) == 5
    # Some items change and others come, which takes two statements.
    assert statements_of(shop, 6, status=Status.PENDING, items=MANY) == 6


@pytest.mark.parametrize("dependents", [1, 12])
def test_a_move_that_frees_others_takes_at_most_six_statements(
    shop: Project, ada: User, dependents: int
) -> None:
    """Read, lock, read again under the locks, and one write each for orders, items and events."""
    order = mirror(shop, items=MANY).order
    for starts in [False, True] * dependents:
        others = make_chain(ada, 2)
        update_order(
            order_id=others[0].pk,
            by=ada,
            fields={"auto_activate": starts},
            dependencies=[order.pk],
        )
    changed = [replace(each, quantity=7) for each in MANY]
    done, back = Status.COMPLETED, Status.ACTIVE

    assert statements_of(shop, 1, status=done, items=changed) == 6
    assert Order.objects.filter(status="active").count() == dependents
    assert statements_of(shop, 2, status=back, items=changed[:9]) == 6
    assert statements_of(shop, 3, status=done, items=changed) == 6
    assert statements_of(shop, 4, status=Status.CANCELLED, items=changed) == 5
    # One more if some items change and others come or go, since no statement does both.
    assert statements_of(shop, 5, status=done, items=FEWER) == 7


@pytest.mark.parametrize("dependents", [1, 12])
def test_others_that_fail_along_take_a_bounded_number_of_statements(
    shop: Project, ada: User, dependents: int
) -> None:
    order = mirror(shop).order
    for _ in range(dependents):
        fails = make_order(ada, order, failure_policy="fail", auto_activate=True)
        make_order(ada, fails, failure_policy="fail")
        make_order(ada, order, failure_policy="ignore")

    # Beside those above: the failed orders, the waived edges, and whether any holds stock.
    assert statements_of(shop, 1, status=Status.CANCELLED) == 8
    assert Order.objects.filter(status="failed").count() == 2 * dependents
    # Which stock those would take that come back, asked twice, and those that only wait.
    assert statements_of(shop, 2, status=Status.COMPLETED) == 8
    assert Order.objects.filter(status="active").count() == dependents
