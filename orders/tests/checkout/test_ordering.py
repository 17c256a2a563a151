"""Ordering the contents of a cart: all of it or nothing, and never more than there is."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from accounts.services.storefront import set_storefront
from accounts.tests.factories import make_user
from catalog.errors import InsufficientStock
from catalog.models import Product, StockMovement
from catalog.services import adjust_stock
from catalog.tests.factories import make_product, make_storefront
from orderchainer.core.errors import Invalid, Stale
from orders.errors import CartEmpty, NothingSold, SeveralCurrencies, UnknownDependencies
from orders.lifecycle import Wait
from orders.models import Order
from orders.queries import row_for
from orders.services import check_out, move_order
from orders.stream.models import Event
from orders.tests.checkout.goods import put_away
from orders.tests.shopping import (
    buy,
    check_books,
    fill_cart,
    in_cart,
    ledger_of,
    seller_of,
    stock_of,
)

pytestmark = pytest.mark.django_db


# --- checkout ---------------------------------------------------------------------------------


def test_a_cart_becomes_an_order_of_the_storefront(
    shop: Project, lamp: Product, bulb: Product, ada: User
) -> None:
    fill_cart(ada, {bulb: 3, lamp: 2})

    order = check_out(
        by=ada,
        fields={
            "shipping_address": "1 Main Street",
            "phone_number": "+15550100",
            "notes": "Ring twice",
        },
    )

    order.refresh_from_db()
    assert (order.owner, order.project, order.provider) == (ada, shop, "storefront")
    assert (order.status, order.title) == ("pending", "Bulb and 1 more")
    assert (order.total_price, order.currency) == (Decimal("40.28"), "USD")
    assert order.shipping_address == "1 Main Street"
    assert (order.customer_name, order.customer_email, order.customer_phone) == (
        "Ada Lovelace",
        "ada@example.com",
        "+15550100",
    )
    assert [
        (line.product, line.name, line.sku, line.unit_price, line.quantity)
        for line in order.items.order_by("pk")
    ] == [
        (bulb, "Bulb", "BULB", Decimal("0.10"), 3),
        (lamp, "Lamp", "LAMP", Decimal("19.99"), 2),
    ]
    assert in_cart(ada) == {}
    assert stock_of(lamp, bulb) == [8, 7]
    assert ledger_of(lamp) == [("initial", 10), ("sold", -2)]
    check_books()


def test_the_event_of_a_checkout_has_its_total(
    shop: Project, lamp: Product, bulb: Product, ada: User
) -> None:
    order = buy(ada, {lamp: 2, bulb: 3})

    event = Event.objects.get(order=order)
    assert (event.type, event.owner_id, event.project_id, event.actor_id) == (
        "order_created",
        ada.pk,
        shop.pk,
        ada.pk,
    )
    assert event.data == {
        "title": "Lamp and 1 more",
        "status": "pending",
        "dependencies": [],
        "provider": "storefront",
        "total_price": "40.28",
        "currency": "USD",
        "total_items": 5,
    }


def test_a_price_is_the_one_of_the_checkout_and_stays(lamp: Product, ada: User) -> None:
    fill_cart(ada, {lamp: 1})
    put_away(lamp, price=Decimal("25.00"), name="Better lamp")

    order = check_out(by=ada, fields={})
    put_away(lamp, price=Decimal("1.00"), name="Old lamp")

    row = row_for(ada, order.pk)
    assert row["total_price"] == Decimal("25.00")
    assert (row["lines"][0]["name"], row["lines"][0]["product_id"]) == (
        "Better lamp",
        lamp.pk,
    )


def test_a_long_name_still_makes_a_title(shop: Project, bulb: Product, ada: User) -> None:
    long = make_product(shop, name="L" * 255)

    order = buy(ada, {long: 1, bulb: 1})

    assert order.title == "L" * 244 + " and 1 more"


def test_refuses_an_empty_cart(ada: User) -> None:
    with pytest.raises(CartEmpty):
        check_out(by=ada, fields={})

    assert not Order.objects.exists()


def test_lists_every_shortage_and_changes_nothing(
    shop: Project, lamp: Product, bulb: Product, ada: User
) -> None:
    plenty = make_product(shop, name="Plenty")
    fill_cart(ada, {lamp: 11, bulb: 12, plenty: 1})

    with pytest.raises(InsufficientStock) as refusal:
        check_out(by=ada, fields={})

    assert refusal.value.data["shortages"] == [
        {
            "product_id": bulb.pk,
            "name": "Bulb",
            "sku": "BULB",
            "requested": 12,
            "available": 10,
        },
        {
            "product_id": lamp.pk,
            "name": "Lamp",
            "sku": "LAMP",
            "requested": 11,
            "available": 10,
        },
    ]
    assert stock_of(lamp, bulb, plenty) == [10, 10, 10]
    assert in_cart(ada) == {lamp.pk: 11, bulb.pk: 12, plenty.pk: 1}
    assert not Order.objects.exists()
    assert not Event.objects.exists()
    assert not StockMovement.objects.filter(reason="sold").exists()


def test_products_that_are_no_longer_sold_stay_in_the_cart(
    shop: Project, lamp: Product, bulb: Product, ada: User
) -> None:
    fill_cart(ada, {lamp: 20, bulb: 1})
    # Its stock and its currency no longer matter.
    put_away(lamp, is_active=False, currency="EUR")

    order = check_out(by=ada, fields={})

    assert [item.name for item in order.items.all()] == ["Bulb"]
    assert (order.title, order.currency) == ("Bulb", "USD")
    assert in_cart(ada) == {lamp.pk: 20}
    assert stock_of(lamp, bulb) == [10, 9]


def test_a_new_storefront_does_not_sell_the_old_ones_products(
    shop: Project, lamp: Product, ada: User
) -> None:
    fill_cart(ada, {lamp: 1})
    make_storefront(name="Another shop")

    with pytest.raises(NothingSold):
        check_out(by=ada, fields={})

    assert in_cart(ada) == {lamp.pk: 1}
    set_storefront(project=shop)
    assert check_out(by=ada, fields={}).project == shop


def test_a_closed_storefront_sells_nothing(shop: Project, lamp: Product, ada: User) -> None:
    fill_cart(ada, {lamp: 1})
    Project.objects.filter(pk=shop.pk).update(is_active=False)

    with pytest.raises(NothingSold):
        check_out(by=ada, fields={})


def test_an_order_is_paid_in_one_currency(lamp: Product, bulb: Product, ada: User) -> None:
    fill_cart(ada, {lamp: 1, bulb: 1})
    put_away(bulb, currency="EUR")

    with pytest.raises(SeveralCurrencies) as refusal:
        check_out(by=ada, fields={})

    assert refusal.value.message == (
        "The products in your cart are sold in EUR and USD. Order in one currency at a time."
    )
    assert refusal.value.data == {"currencies": ["EUR", "USD"]}
    assert in_cart(ada) == {lamp.pk: 1, bulb.pk: 1}

    put_away(lamp, currency="EUR")
    assert check_out(by=ada, fields={}).currency == "EUR"


def test_refuses_a_total_of_more_than_twelve_digits(shop: Project, ada: User) -> None:
    dear = make_product(shop, name="Dear", price=Decimal("9999999999.99"))
    fill_cart(ada, {dear: 2})

    with pytest.raises(Invalid) as refusal:
        check_out(by=ada, fields={})

    assert refusal.value.errors == {
        "items": ["They add up to 19999999999.98; an order may cost at most 9999999999.99."]
    }
    assert stock_of(dear) == [10]


def test_refuses_fields_that_the_cart_decides(lamp: Product, ada: User) -> None:
    fill_cart(ada, {lamp: 1})

    order = check_out(by=ada, fields={"title": "Mine", "status": "failed", "currency": "JPY"})

    assert (order.title, order.status, order.currency) == ("Lamp", "pending", "USD")
    fill_cart(ada, {lamp: 1})
    with pytest.raises(Invalid) as refusal:
        check_out(by=ada, fields={"total_price": Decimal("0.01")})
    assert list(refusal.value.errors) == ["total_price"]


def test_a_stale_cart_is_not_checked_out(lamp: Product, ada: User) -> None:
    fill_cart(ada, {lamp: 1})
    seen = []

    def refuse(cart: Any) -> None:
        seen.append(cart)
        raise Stale

    with pytest.raises(Stale):
        check_out(by=ada, fields={}, precondition=refuse)

    assert len(seen) == 1
    assert in_cart(ada) == {lamp.pk: 1}


# --- chained ----------------------------------------------------------------------------------


def test_a_checkout_can_wait_for_other_orders(lamp: Product, ada: User) -> None:
    first = buy(ada, {lamp: 1})
    second = buy(ada, {lamp: 1}, first, auto_activate=True)

    assert row_for(ada, second.pk)["waits"] == {first.pk: Wait("pending")}
    move_order(order_id=first.pk, status="completed", by=seller_of(first))

    second.refresh_from_db()
    assert second.status == "active"
    check_books()


def test_a_checkout_whose_dependencies_are_done_activates_itself(lamp: Product, ada: User) -> None:
    first = buy(ada, {lamp: 1})
    move_order(order_id=first.pk, status="completed", by=seller_of(first))

    assert buy(ada, {lamp: 1}, first, auto_activate=True).status == "active"
    check_books()


def test_a_checkout_cannot_wait_for_a_strangers_order(lamp: Product, ada: User) -> None:
    # It is an order of the same storefront, but of another customer.
    theirs = buy(make_user(), {lamp: 1})
    fill_cart(ada, {lamp: 1})

    with pytest.raises(UnknownDependencies):
        check_out(by=ada, fields={}, dependencies=[theirs.pk])

    assert in_cart(ada) == {lamp.pk: 1}
    assert stock_of(lamp) == [9]


# --- the ledger -------------------------------------------------------------------------------


def test_returned_stock_always_fits(lamp: Product, ada: User) -> None:
    order = buy(ada, {lamp: 5})
    adjust_stock(product_id=lamp.pk, change=10**9 - 5)

    with pytest.raises(Invalid):
        adjust_stock(product_id=lamp.pk, change=1)
    move_order(order_id=order.pk, status="cancelled", by=ada)

    assert stock_of(lamp) == [10**9 + 5]
    check_books()


# --- statements -------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 30])
def test_a_checkout_takes_eight_statements_whatever_the_cart_holds(
    shop: Project, ada: User, count: int
) -> None:
    fill_cart(ada, {make_product(shop, name=f"Lamp {number}"): 1 for number in range(count)})

    with CaptureQueriesContext(connection) as queries:
        check_out(by=ada, fields={"notes": "Quickly"})

    words = [query["sql"].split()[0] for query in queries]
    # Finding the caller and writing the answer take more statements; this is the service alone.
    assert [word for word in words if word not in {"SAVEPOINT", "RELEASE"}] == [
        "UPDATE",  # the cart, held
        "SELECT",  # the products, locked
        "DELETE",  # what was in the cart
        "INSERT",  # the order,
        "INSERT",  # its lines
        "INSERT",  # and the event
        "UPDATE",  # the stock
        "INSERT",  # and its ledger
    ]
    # The savepoint is there because the test already runs in a transaction.
    assert len(queries) == 10


def test_giving_back_takes_as_many_statements_for_many_orders_as_for_few(
    shop: Project, ada: User
) -> None:
    counts = []
    for count in (3, 30):
        lamps = [make_product(shop, stock=1) for _ in range(count)]
        chain = [buy(ada, {lamps[0]: 1})]
        for lamp in lamps[1:]:
            chain.append(buy(ada, {lamp: 1}, chain[-1], failure_policy="fail"))

        with CaptureQueriesContext(connection) as queries:
            move_order(order_id=chain[0].pk, status="failed", by=seller_of(chain[0]))

        counts.append(len(queries))
        assert stock_of(*lamps) == [1] * count
    assert counts[0] == counts[1]
    check_books()
