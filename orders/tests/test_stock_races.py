"""Races for the same stock, with and without each lock: no unit is sold twice or lost.

Some of these also run on SQLite, where one writer works at a time. The numbers are right there
too, and no request fails because the database is locked.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import QuerySet

from accounts.models import Project, User
from accounts.services.deleting import delete_user
from accounts.tests.factories import make_user
from cart.models import Cart, CartItem
from cart.services.items import hold_cart
from catalog.errors import InsufficientStock
from catalog.models import Product, ProductQuerySet, StockMovement
from catalog.services import adjust_stock, return_stock
from catalog.tests.factories import make_product, make_storefront
from orderchainer.core.errors import DomainError
from orderchainer.testing.races import (
    Meeting,
    on_postgresql,
    race,
    without_constraint,
)
from orders.errors import (
    CartEmpty,
    MoveRefused,
    OrderNotFound,
)
from orders.models import Order
from orders.services import check_out, delete_order, move_order
from orders.stream.models import Event
from orders.tests.shopping import (
    buy,
    check_books,
    fill_cart,
    in_cart,
    ledger_of,
    seller_of,
    stock_of,
)

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

Work = Callable[[], Any]


@pytest.fixture
def shop() -> Project:
    return make_storefront()


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


@pytest.fixture
def bob() -> User:
    return make_user(email="bob@example.com")


def kinds(outcomes: Iterable[object]) -> dict[str, int]:
    return dict(Counter(type(outcome).__name__ for outcome in outcomes))


def customers_with(count: int, product: Product) -> list[User]:
    """Return new customers who each have one of `product` in their cart."""
    customers = User.objects.bulk_create(
        User(email=f"customer{number}@example.com") for number in range(count)
    )
    Cart.objects.bulk_create(Cart(user=customer) for customer in customers)
    CartItem.objects.bulk_create(
        CartItem(cart_id=customer.pk, product=product, quantity=1) for customer in customers
    )
    return customers


def checkout_of(customer: User, *waits_for: Order) -> Work:
    return partial(
        check_out,
        by=customer,
        fields={},
        dependencies=[order.pk for order in waits_for],
    )


def unlocked_products(ids: Iterable[int] | QuerySet[Any, Any]) -> dict[int, Product]:
    """Read as `lock_products` does, without its lock."""
    rows = Product.objects.select_related("project").filter(pk__in=ids)
    return {product.pk: product for product in rows}


# --- more customers than units ----------------------------------------------------------------


@pytest.mark.slow
def test_of_200_customers_50_get_the_50_units(shop: Project) -> None:
    lamp = make_product(shop, stock=50)
    customers = customers_with(200, lamp)

    outcomes = race(*map(checkout_of, customers), timeout_seconds=60)

    assert kinds(outcomes) == {"Order": 50, "InsufficientStock": 150}
    assert stock_of(lamp) == [0]
    assert ledger_of(lamp) == [("initial", 50)] + [("sold", -1)] * 50
    assert Order.objects.count() == 50
    assert Event.objects.filter(type="order_created").count() == 50
    # Customers who got nothing still have their carts.
    assert CartItem.objects.count() == 150
    check_books()


def two_for_the_last(shop: Project, ada: User, bob: User) -> tuple[Product, Work, Work]:
    lamp = make_product(shop, stock=1)
    for customer in (ada, bob):
        fill_cart(customer, {lamp: 1})
    return lamp, checkout_of(ada), checkout_of(bob)


@on_postgresql
def test_one_of_two_gets_the_last_unit(shop: Project, ada: User, bob: User) -> None:
    lamp, *checkouts = two_for_the_last(shop, ada, bob)

    outcomes = race(*checkouts, meeting=Meeting("UPDATE catalog_product"))

    assert kinds(outcomes) == {"Order": 1, "InsufficientStock": 1}
    assert stock_of(lamp) == [0]
    check_books()


@on_postgresql
def test_without_the_lock_the_constraint_still_keeps_stock_from_being_sold_twice(
    shop: Project, ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control, first half: both see the last unit, and one of them crashes."""
    monkeypatch.setattr("cart.services.checkout.lock_products", unlocked_products)
    lamp, *checkouts = two_for_the_last(shop, ada, bob)

    outcomes = race(*checkouts, meeting=Meeting.of_all("UPDATE catalog_product"))

    assert kinds(outcomes) == {"Order": 1, "IntegrityError": 1}
    [crash] = [each for each in outcomes if isinstance(each, IntegrityError)]
    assert "stock" in str(crash)
    assert stock_of(lamp) == [0]
    check_books()


@on_postgresql
def test_without_lock_and_constraint_a_unit_is_sold_twice(
    shop: Project, ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control, second half: without both, the last unit is sold twice."""
    monkeypatch.setattr("cart.services.checkout.lock_products", unlocked_products)
    lamp, *checkouts = two_for_the_last(shop, ada, bob)

    with ExitStack() as stack:
        for name in ("product_stock_not_negative", "catalog_product_stock_check"):
            stack.enter_context(without_constraint("catalog_product", name))
        outcomes = race(*checkouts, meeting=Meeting.of_all("UPDATE catalog_product"))
        left = stock_of(lamp)
        Product.objects.filter(pk=lamp.pk).update(stock=0)

    assert kinds(outcomes) == {"Order": 2}
    assert left == [-1]


# --- the same products in opposite orders -----------------------------------------------------


def opposite_carts(ada: User, bob: User, first: Product, second: Product) -> tuple[Work, Work]:
    fill_cart(ada, {first: 1, second: 1})
    fill_cart(bob, {second: 1, first: 1})
    return checkout_of(ada), checkout_of(bob)


@on_postgresql
def test_opposite_carts_never_deadlock(shop: Project, ada: User, bob: User) -> None:
    first, second = (make_product(shop, stock=200) for _ in range(2))

    outcomes: list[Any] = []
    for _ in range(100):
        outcomes += race(*opposite_carts(ada, bob, first, second))

    assert kinds(outcomes) == {"Order": 200}
    assert stock_of(first, second) == [0, 0]
    check_books()


@on_postgresql
def test_locking_products_in_the_carts_order_deadlocks(
    shop: Project, ada: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: each holds the lock that the other waits for."""
    meet = Meeting.of_all("second_of_cart")

    def lock_as_they_come(user: User) -> dict[int, Product]:
        locked = {}
        pks = CartItem.objects.filter(cart_id=user.pk).order_by("pk")
        for place, pk in enumerate(pks.values_list("product_id", flat=True)):
            if place:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 AS second_of_cart")
            rows = Product.objects.select_for_update(no_key=True, of=("self",))
            locked[pk] = rows.select_related("project").get(pk=pk)
        return locked

    monkeypatch.setattr("orders.services.checkout.lock_products_in_cart", lock_as_they_come)
    first, second = (make_product(shop) for _ in range(2))

    outcomes = race(*opposite_carts(ada, bob, first, second), meeting=meet)

    assert kinds(outcomes) == {"Order": 1, "OperationalError": 1}
    [crash] = [each for each in outcomes if isinstance(each, OperationalError)]
    assert "deadlock detected" in str(crash)
    check_books()


# --- one cart, twice --------------------------------------------------------------------------


def test_a_cart_is_checked_out_once(shop: Project, ada: User) -> None:
    lamp = make_product(shop, stock=10)
    fill_cart(ada, {lamp: 3})

    outcomes = race(*[checkout_of(ada)] * 5)

    assert kinds(outcomes) == {"Order": 1, "CartEmpty": 4}
    assert stock_of(lamp) == [7]
    check_books()


@on_postgresql
def test_without_the_lock_on_the_cart_it_is_still_emptied_once(
    shop: Project, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one statement that empties it hands each item to one checkout."""
    monkeypatch.setattr("orders.services.checkout.hold_cart_and_customer", lambda user: True)
    lamp = make_product(shop, stock=10)
    fill_cart(ada, {lamp: 3})

    outcomes = race(*[checkout_of(ada)] * 2, meeting=Meeting("DELETE FROM cart"))

    assert kinds(outcomes) == {"Order": 1, "CartEmpty": 1}
    assert stock_of(lamp) == [7]


def test_a_product_added_during_a_checkout_is_bought_or_stays_in_the_cart(
    shop: Project, ada: User
) -> None:
    lamp, bulb = make_product(shop, stock=50), make_product(shop, stock=50)
    for _ in range(10):
        fill_cart(ada, {lamp: 1})
        order, _ = race(checkout_of(ada), partial(fill_cart, ada, {bulb: 1, lamp: 1}))
        assert isinstance(order, Order)
        bought: Counter[int] = Counter()
        for line in order.items.all():
            bought[line.product_id or 0] += line.quantity
        assert bought + Counter(in_cart(ada)) == {lamp.pk: 2, bulb.pk: 1}
        CartItem.objects.all().delete()
    check_books()


class Crossing(Meeting):
    """A meeting before either of two statements."""

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        """Wait before the statement that needs a lock which the other one holds."""
        reaches = 'INSERT INTO "orders_order"', 'DELETE FROM "cart_cart"'
        self.fragment = reaches[0] if reaches[0] in sql else reaches[1]
        return super().__call__(execute, sql, *rest)


def leave_in_the_middle(shop: Project, ada: User) -> list[Any]:
    """Check out while the account is deleted; return both outcomes."""
    fill_cart(ada, {make_product(shop): 1})
    works: tuple[Work, ...] = checkout_of(ada), partial(delete_user, user=ada)
    return race(*works, meeting=Crossing("", patience_seconds=1.0))


@on_postgresql
def test_an_account_is_deleted_before_or_after_a_checkout_but_not_during_it(
    shop: Project, ada: User
) -> None:
    order, left = leave_in_the_middle(shop, ada)

    assert (type(order), left) in [(Order, None), (CartEmpty, None)]
    assert not Cart.objects.filter(user=ada).exists()
    check_books()


@on_postgresql
def test_without_the_lock_on_the_customer_the_two_deadlock(
    shop: Project, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: one locks the cart, then the customer; the other does the opposite."""
    monkeypatch.setattr("orders.services.checkout.hold_cart_and_customer", hold_cart)

    outcomes = leave_in_the_middle(shop, ada)

    # PostgreSQL ends the one that notices the deadlock first.
    assert kinds(outcomes)["OperationalError"] == 1
    check_books()


# --- back in stock ----------------------------------------------------------------------------


def ways_to_end(order: Order, by: User) -> list[Work]:
    return [
        partial(move_order, order_id=order.pk, status="cancelled", by=by),
        partial(move_order, order_id=order.pk, status="failed", by=by),
        partial(delete_order, order_id=order.pk, by=by),
    ]


def test_an_order_that_many_end_at_once_returns_its_stock_once(shop: Project, ada: User) -> None:
    lamp, bulb = make_product(shop, stock=10), make_product(shop, stock=10)
    for _ in range(5):
        order = buy(ada, {lamp: 3, bulb: 2})

        outcomes = race(*ways_to_end(order, seller_of(order)) * 3)

        refusals = [each for each in outcomes if isinstance(each, Exception)]
        assert all(isinstance(each, MoveRefused | OrderNotFound) for each in refusals)
        assert stock_of(lamp, bulb) == [10, 10]
        returned = StockMovement.objects.filter(order_id=order.pk, reason="returned")
        assert sorted(returned.values_list("change", flat=True)) == [2, 3]
    check_books()


def two_returns(shop: Project, ada: User) -> tuple[Product, list[Work]]:
    """Return two functions that give back an order's units without locking the order."""
    lamp = make_product(shop, stock=10)
    order = buy(ada, {lamp: 3})
    give_back = transaction.atomic(partial(return_stock, [order.pk]))
    return lamp, [give_back, give_back]


@on_postgresql
def test_stock_comes_back_once_even_without_the_lock_on_the_order(shop: Project, ada: User) -> None:
    lamp, returns = two_returns(shop, ada)

    outcomes = race(*returns, meeting=Meeting("UPDATE catalog_product"))

    assert {lamp.pk: 3} in outcomes
    assert {} in outcomes
    assert ledger_of(lamp)[2:] == [("returned", 3)]
    assert stock_of(lamp) == [10]


@on_postgresql
def test_without_the_lock_on_the_products_it_comes_back_twice(
    shop: Project, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: both see the held stock, and both give it back."""
    monkeypatch.setattr(ProductQuerySet, "locked", lambda self: self.order_by("pk"))
    lamp, returns = two_returns(shop, ada)

    race(*returns, meeting=Meeting.of_all("UPDATE catalog_product"))

    assert stock_of(lamp) == [13]
    assert ledger_of(lamp)[2:] == [("returned", 3)] * 2


def test_the_last_unit_goes_to_a_new_order_or_to_one_that_is_tried_again(
    shop: Project, ada: User, bob: User
) -> None:
    seen = set()
    for _ in range(8):
        lamp = make_product(shop, stock=1)
        order = buy(ada, {lamp: 1})
        move_order(order_id=order.pk, status="failed", by=seller_of(order))
        fill_cart(bob, {lamp: 1})

        again, new = race(
            partial(move_order, order_id=order.pk, status="pending", by=seller_of(order)),
            checkout_of(bob),
        )

        seen.add((type(again), type(new)))
        assert stock_of(lamp) == [0]
        check_books()
        CartItem.objects.all().delete()
    assert seen <= {(Order, InsufficientStock), (InsufficientStock, Order)}


# --- all at once ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_busy_shop_neither_sells_twice_nor_loses_nor_deadlocks(
    shop: Project,
) -> None:
    products = [make_product(shop, stock=30) for _ in range(4)]
    customers = [make_user() for _ in range(3)]
    seller = shop.members.get()

    def step(customer: User, chance: random.Random) -> object:
        mine = list(Order.objects.filter(owner=customer).order_by("-pk")[:6])
        match chance.randrange(7):
            case 0 | 1 | 2:
                bought = chance.sample(products, chance.randint(1, 4))
                return buy(
                    customer,
                    {product: chance.randint(1, 3) for product in bought},
                    *chance.sample(mine, min(len(mine), 2)),
                    failure_policy=chance.choice(["hold", "fail", "ignore"]),
                    auto_activate=chance.random() < 0.5,
                )
            case 3 | 4 if mine:
                status = chance.choice(["cancelled", "failed", "pending", "completed"])
                by = customer if status == "cancelled" else seller
                return move_order(order_id=chance.choice(mine).pk, status=status, by=by)
            case 5 if mine:
                return delete_order(order_id=chance.choice(mine).pk, by=seller)
            case 6:
                return adjust_stock(
                    product_id=chance.choice(products).pk,
                    change=chance.choice([-3, -1, 2, 5]),
                )
        return None

    def work(number: int) -> None:
        chance = random.Random(number)
        # Two threads act as each customer, so that they meet on the same orders and cart.
        customer = customers[number % len(customers)]
        for _ in range(25):
            with suppress(DomainError):
                step(customer, chance)

    outcomes = race(*[partial(work, number) for number in range(6)], timeout_seconds=60)

    assert outcomes == [None] * 6
    assert StockMovement.objects.filter(reason="sold").count() > 20
    assert StockMovement.objects.filter(reason="returned").exists()
    check_books()
