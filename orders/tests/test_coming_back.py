"""A failed order that is tried again brings back those that failed along with it."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from catalog.errors import InsufficientStock
from catalog.models import Product
from catalog.services import adjust_stock
from catalog.tests.factories import make_product, make_storefront
from orders.holds import held_by, wrong_holds
from orders.models import Order
from orders.services import (
    create_order,
    delete_order,
    move_order,
    update_order,
    waive_dependency,
)
from orders.services.items import StockItemDraft
from orders.stream.models import Event
from orders.tests.factories import make_chain, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", "correct horse")


def statuses(*orders: Order) -> list[str]:
    found = dict(Order.objects.values_list("pk", "status"))
    return [found[order.pk] for order in orders]


def failing(ada: User, *waits_for: Order) -> Order:
    return make_order(ada, *waits_for, failure_policy="fail")


def test_those_that_failed_along_come_back_along(ada: User) -> None:
    first = failing(ada)
    second = failing(ada, first)
    third = failing(ada, second)
    move_order(order_id=first.pk, status="failed", by=ada)

    move_order(order_id=first.pk, status="pending", by=ada)

    assert statuses(first, second, third) == ["pending"] * 3
    event = Event.objects.filter(order=third).latest("pk")
    assert (event.type, event.actor_id) == ("order_status_changed", None)
    assert event.data == {
        "title": "An order",
        "status": "pending",
        "old_status": "failed",
        "new_status": "pending",
        "cause": {"order_id": second.pk, "status": "pending"},
    }
    third.refresh_from_db()
    assert (third.failed_along_with_id, third.version) == (None, 3)


def test_only_those_that_failed_by_its_failure_come_back(ada: User) -> None:
    first, other = failing(ada), failing(ada)
    along = failing(ada, first)
    by_itself = failing(ada, first)
    with_the_other = failing(ada, first, other)
    move_order(order_id=by_itself.pk, status="failed", by=ada)
    move_order(order_id=other.pk, status="failed", by=ada)
    move_order(order_id=first.pk, status="failed", by=ada)

    move_order(order_id=first.pk, status="pending", by=ada)

    assert statuses(along, by_itself, with_the_other) == ["pending", "failed", "failed"]


def edit(order: Order, by: User) -> None:
    update_order(order_id=order.pk, by=by, fields={"notes": "Looked into it."})


def retry_and_fail(order: Order, by: User) -> None:
    move_order(order_id=order.pk, status="pending", by=by)
    move_order(order_id=order.pk, status="failed", by=by)


def cancel(order: Order, by: User) -> None:
    move_order(order_id=order.pk, status="cancelled", by=by)


def waive_its_dependency(order: Order, by: User) -> None:
    dependency = order.dependencies.get()
    waive_dependency(order_id=order.pk, dependency_id=dependency.pk, reason="Why not.", by=by)


@pytest.mark.parametrize("touch", [edit, retry_and_fail, cancel, waive_its_dependency])
def test_orders_that_a_user_changed_since_stay_failed_with_their_dependents(
    ada: User, touch: Callable[[Order, User], None]
) -> None:
    first = failing(ada)
    second = failing(ada, first)
    third = failing(ada, second)
    move_order(order_id=first.pk, status="failed", by=ada)
    touch(second, ada)
    before = statuses(second, third)

    move_order(order_id=first.pk, status="pending", by=ada)

    assert statuses(second, third) == before


def test_setting_the_same_values_does_not_count_as_a_change(ada: User) -> None:
    first = failing(ada)
    second = failing(ada, first)
    move_order(order_id=first.pk, status="failed", by=ada)
    update_order(order_id=second.pk, by=ada, fields={"title": second.title})

    move_order(order_id=first.pk, status="pending", by=ada)

    assert statuses(second) == ["pending"]


def test_a_retried_dependent_brings_back_its_own_dependents(ada: User) -> None:
    first = failing(ada)
    second = failing(ada, first)
    third = failing(ada, second)
    move_order(order_id=first.pk, status="failed", by=ada)

    move_order(order_id=second.pk, status="pending", by=ada)

    assert statuses(first, second, third) == ["failed", "pending", "pending"]


def test_an_order_whose_cause_was_deleted_stays_failed(ada: User) -> None:
    first = failing(ada)
    second = failing(ada, first)
    move_order(order_id=first.pk, status="failed", by=ada)

    delete_order(order_id=first.pk, by=ada)

    assert statuses(second) == ["failed"]


def test_a_root_that_activates_itself_brings_them_back_too(ada: User) -> None:
    first = make_order(ada, status="draft", auto_activate=True)
    second = failing(ada, first)
    move_order(order_id=first.pk, status="pending", by=ada)
    move_order(order_id=first.pk, status="failed", by=ada)

    move_order(order_id=first.pk, status="pending", by=ada)

    assert statuses(first, second) == ["active", "pending"]


# --- stock ------------------------------------------------------------------------------------


def sold(ada: User, product: Product, quantity: int, *waits_for: Order) -> Order:
    """Make an order that took its items from stock."""
    return create_order(
        by=ada,
        project=product.project,
        fields={"title": "Sold", "failure_policy": "fail"},
        dependencies=[one.pk for one in waits_for],
        items=[StockItemDraft(product.pk, quantity)],
    )


def test_those_that_come_back_take_their_stock_again(ada: User) -> None:
    lamp = make_product(make_storefront(ada), stock=10)
    first = sold(ada, lamp, 2)
    second = sold(ada, lamp, 3, first)
    move_order(order_id=first.pk, status="failed", by=ada)

    move_order(order_id=first.pk, status="pending", by=ada)

    assert (held_by(first.pk), held_by(second.pk)) == ({lamp.pk: 2}, {lamp.pk: 3})
    lamp.refresh_from_db()
    assert lamp.stock == 5
    assert wrong_holds() == []


def test_nothing_comes_back_if_there_is_too_little_stock_for_all(ada: User) -> None:
    lamp = make_product(make_storefront(ada), stock=10)
    first = sold(ada, lamp, 2)
    second = sold(ada, lamp, 3, first)
    move_order(order_id=first.pk, status="failed", by=ada)
    adjust_stock(product_id=lamp.pk, change=-6, by=ada)
    told = Event.objects.count()

    with pytest.raises(InsufficientStock) as refusal:
        move_order(order_id=first.pk, status="pending", by=ada)

    (shortage,) = refusal.value.shortages
    assert (shortage.requested, shortage.available) == (5, 4)
    assert statuses(first, second) == ["failed", "failed"]
    assert Event.objects.count() == told
    assert wrong_holds() == []


# --- size -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_chain_comes_back_in_a_fixed_number_of_statements(ada: User) -> None:
    counts = []
    for length in (50, 5000):
        chain = make_chain(ada, length, failure_policy="fail")
        move_order(order_id=chain[0].pk, status="failed", by=ada)

        with CaptureQueriesContext(connection) as queries:
            move_order(order_id=chain[0].pk, status="pending", by=ada)

        counts.append(len([one for one in queries if "INSERT" not in one["sql"][:20]]))
        assert not Order.objects.filter(status="failed").exists()
        assert len(queries) <= 30
    assert counts[0] == counts[1]
