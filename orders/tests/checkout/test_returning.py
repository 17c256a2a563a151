"""Goods of orders that do not happen go back to the stock, once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from catalog.errors import InsufficientStock
from catalog.models import Product, StockMovement
from catalog.tests.factories import make_storefront
from orders.errors import CustomerMayOnlyCancel, GoodsGone
from orders.models import Order
from orders.services import delete_order, move_order, update_order
from orders.stream.models import Event
from orders.tests.checkout.goods import put_away
from orders.tests.factories import make_order
from orders.tests.shopping import buy, check_books, ledger_of, seller_of, stock_of

pytestmark = pytest.mark.django_db


# --- back in stock ----------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_a_failed_or_cancelled_order_returns_its_stock(
    lamp: Product, bulb: Product, ada: User, status: str
) -> None:
    order = buy(ada, {lamp: 2, bulb: 3})

    move_order(order_id=order.pk, status=status, by=seller_of(order))

    assert stock_of(lamp, bulb) == [10, 10]
    assert ledger_of(lamp) == [("initial", 10), ("sold", -2), ("returned", 2)]
    check_books()


def test_a_deleted_order_returns_its_stock(lamp: Product, ada: User) -> None:
    order = buy(ada, {lamp: 2})

    delete_order(order_id=order.pk, by=seller_of(order))

    assert stock_of(lamp) == [10]
    assert StockMovement.objects.filter(order_id=order.pk).count() == 2
    check_books()


def test_stock_comes_back_once_however_the_order_ends(lamp: Product, ada: User) -> None:
    order = buy(ada, {lamp: 2})

    move_order(order_id=order.pk, status="failed", by=seller_of(order))
    move_order(order_id=order.pk, status="cancelled", by=ada)
    move_order(order_id=order.pk, status="cancelled", by=ada)
    delete_order(order_id=order.pk, by=seller_of(order))

    assert stock_of(lamp) == [10]
    assert ledger_of(lamp) == [("initial", 10), ("sold", -2), ("returned", 2)]


@pytest.mark.parametrize(
    "way", [["draft", "pending"], ["active", "draft"], ["shipped", "completed"]]
)
def test_an_order_that_goes_on_keeps_its_stock(lamp: Product, ada: User, way: list[str]) -> None:
    order = buy(ada, {lamp: 2})

    for status in way:
        move_order(order_id=order.pk, status=status, by=seller_of(order))

    assert stock_of(lamp) == [8]
    assert len(ledger_of(lamp)) == 2
    check_books()


@pytest.mark.parametrize("status", ["shipped", "fulfilled", "completed"])
def test_a_customer_cannot_return_shipped_goods_to_the_stock(
    shop: Project, lamp: Product, ada: User, status: str
) -> None:
    order = buy(ada, {lamp: 2})
    merchant = shop.members.get()
    move_order(order_id=order.pk, status=status, by=merchant)

    with pytest.raises(CustomerMayOnlyCancel):
        delete_order(order_id=order.pk, by=ada)
    with pytest.raises(GoodsGone):
        move_order(order_id=order.pk, status="cancelled", by=ada)

    assert stock_of(lamp) == [8]
    assert Order.objects.get().status == status
    check_books()


@pytest.mark.parametrize("status", ["shipped", "completed"])
def test_the_seller_confirms_that_the_goods_are_back(
    shop: Project, lamp: Product, ada: User, status: str
) -> None:
    order = buy(ada, {lamp: 2})
    merchant = shop.members.get()
    move_order(order_id=order.pk, status=status, by=merchant)

    delete_order(order_id=order.pk, by=merchant)

    assert stock_of(lamp) == [10]
    check_books()


def test_an_order_without_stock_can_be_deleted_by_its_owner(shop: Project, ada: User) -> None:
    order = make_order(ada, status="completed")
    Order.objects.filter(pk=order.pk).update(project=shop)

    delete_order(order_id=order.pk, by=ada)

    assert not Order.objects.exists()


def test_stock_of_an_inactive_product_comes_back_too(lamp: Product, ada: User) -> None:
    order = buy(ada, {lamp: 2})
    put_away(lamp, is_active=False)

    move_order(order_id=order.pk, status="cancelled", by=ada)

    assert stock_of(lamp) == [10]


def test_a_failure_returns_the_stock_of_all_orders_that_fail_along(
    lamp: Product, bulb: Product, ada: User
) -> None:
    first = buy(ada, {lamp: 1})
    second = buy(ada, {lamp: 2, bulb: 1}, first, failure_policy="fail")
    third = buy(ada, {bulb: 4}, second, failure_policy="fail")
    held = buy(ada, {bulb: 1}, third)
    assert stock_of(lamp, bulb) == [7, 4]

    with CaptureQueriesContext(connection) as queries:
        move_order(order_id=first.pk, status="failed", by=seller_of(first))

    # One parameter names all failed orders, so their number does not matter.
    movements = [q for q in queries if "catalog_stockmovement" in q["sql"]]
    assert len(movements) == 3  # the locks, what is held, the new rows
    assert stock_of(lamp, bulb) == [10, 9]
    assert Order.objects.get(pk=held.pk).status == "pending"
    assert set(
        StockMovement.objects.filter(reason="returned").values_list("order_id", flat=True)
    ) == {first.pk, second.pk, third.pk}
    check_books()


def test_an_order_without_products_asks_once_whether_it_holds_any(ada: User) -> None:
    order = make_order(ada)

    with CaptureQueriesContext(connection) as queries:
        move_order(order_id=order.pk, status="cancelled", by=ada)

    assert len([q for q in queries if "catalog_" in q["sql"]]) == 1


# --- tried again ------------------------------------------------------------------------------


def test_a_retried_order_takes_its_stock_again(lamp: Product, ada: User) -> None:
    order = buy(ada, {lamp: 2})
    move_order(order_id=order.pk, status="failed", by=seller_of(order))

    move_order(order_id=order.pk, status="pending", by=seller_of(order))

    assert stock_of(lamp) == [8]
    assert [change for _, change in ledger_of(lamp)] == [10, -2, 2, -2]
    check_books()
    move_order(order_id=order.pk, status="cancelled", by=ada)
    assert stock_of(lamp) == [10]
    check_books()


def test_a_failed_order_stays_failed_if_others_bought_its_stock(
    lamp: Product, bulb: Product, ada: User
) -> None:
    order = buy(ada, {lamp: 2, bulb: 1})
    move_order(order_id=order.pk, status="failed", by=seller_of(order))
    buy(ada, {lamp: 9})
    events = Event.objects.count()

    with pytest.raises(InsufficientStock) as refusal:
        update_order(
            order_id=order.pk,
            by=seller_of(order),
            fields={"status": "pending", "notes": "Again"},
        )

    [short] = refusal.value.shortages
    assert (short.name, short.requested, short.available) == ("Lamp", 2, 1)
    order.refresh_from_db()
    assert (order.status, order.notes) == ("failed", "")
    assert stock_of(lamp, bulb) == [1, 10]
    assert Event.objects.count() == events
    check_books()


def test_a_failed_order_is_not_retried_with_an_inactive_product(lamp: Product, ada: User) -> None:
    order = buy(ada, {lamp: 2})
    move_order(order_id=order.pk, status="failed", by=seller_of(order))
    put_away(lamp, is_active=False)

    with pytest.raises(InsufficientStock):
        move_order(order_id=order.pk, status="pending", by=seller_of(order))

    put_away(lamp, is_active=True)
    # The order was sold before, so it does not matter that another project is the storefront now.
    make_storefront(name="Another shop")
    move_order(order_id=order.pk, status="pending", by=seller_of(order))
    check_books()


def test_a_failed_order_holds_stock_again_also_while_it_waits(lamp: Product, ada: User) -> None:
    first = buy(ada, {lamp: 1})
    second = buy(ada, {lamp: 2}, first)
    move_order(order_id=second.pk, status="failed", by=seller_of(second))

    move_order(order_id=second.pk, status="pending", by=seller_of(second))

    assert stock_of(lamp) == [7]
    check_books()
