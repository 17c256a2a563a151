"""Races on one cart, on PostgreSQL, with and without its lock."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from accounts.services import answer_once, delete_user
from accounts.services.idempotency import KeptAnswer
from accounts.tests.factories import make_user
from cart.errors import CartItemNotFound
from cart.models import Cart, CartItem
from cart.queries import CartContents
from cart.services import (
    add_item,
    change_item,
    clear_cart,
    items,
    remove_item,
    take_from_cart,
)
from cart.tests.factories import make_cart
from catalog.models import Product
from catalog.tests.factories import make_product, make_storefront
from orderchainer.testing.races import Meeting, on_postgresql, race

Work = Callable[[], object]

pytestmark = [
    pytest.mark.services,
    on_postgresql,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


@pytest.fixture
def lamp() -> Product:
    return make_product(make_storefront())


@pytest.fixture
def nobody_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let writers read a cart without locking it."""

    def make_loosely(user: User) -> None:
        Cart.objects.get_or_create(user=user)

    def find_loosely(user: User, **having: int) -> bool:
        return Cart.objects.filter(user=user, **having).exists()

    monkeypatch.setattr("cart.services.items._hold_or_make", make_loosely)
    monkeypatch.setattr("cart.services.items.hold_cart", find_loosely)


def quantities(user: User) -> dict[int, int]:
    stored = CartItem.objects.filter(cart_id=user.pk)
    return dict(stored.values_list("product_id", "quantity"))


def adding(user: User, product: Product, quantity: int) -> Callable[[], CartContents]:
    return partial(add_item, user=user, product_id=product.pk, quantity=quantity)


def claim(user: User) -> dict[int, int]:
    """Lock the cart and empty it, as a checkout does; return what was in it."""
    with transaction.atomic():
        if not items.hold_cart(user):
            return {}
        in_cart = CartItem.objects.filter(cart_id=user.pk)
        return take_from_cart(user, list(in_cart.values_list("product_id", flat=True)))


BEFORE_THE_CHANGE = 'UPDATE "cart_cartitem"'
BEFORE_THE_ITEM = 'INSERT INTO "cart_cartitem"'


# --- two tabs add the same product ------------------------------------------------------------


def test_two_tabs_that_add_at_once_add_up(ada: User, lamp: Product) -> None:
    make_cart(ada, {lamp: 1})

    race(adding(ada, lamp, 2), adding(ada, lamp, 3), meeting=Meeting(BEFORE_THE_CHANGE))

    assert quantities(ada) == {lamp.pk: 6}


@pytest.mark.usefixtures("nobody_holds")
def test_without_the_lock_one_addition_is_lost(ada: User, lamp: Product) -> None:
    """The negative control: both have read one lamp and write their own result."""
    make_cart(ada, {lamp: 1})
    meeting = Meeting.of_all(BEFORE_THE_CHANGE)

    race(adding(ada, lamp, 2), adding(ada, lamp, 3), meeting=meeting)

    assert meeting.was_complete
    assert quantities(ada)[lamp.pk] in {3, 4}


def test_two_tabs_cannot_add_more_than_999_together(ada: User, lamp: Product) -> None:
    Product.objects.filter(pk=lamp.pk).update(stock=2000)
    make_cart(ada, {lamp: 1})

    outcomes = race(
        adding(ada, lamp, 500),
        adding(ada, lamp, 500),
        meeting=Meeting(BEFORE_THE_CHANGE),
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "CartContents",
        "Invalid",
    ]
    assert quantities(ada) == {lamp.pk: 501}


# --- the first requests ever ------------------------------------------------------------------


def test_two_first_requests_at_once_make_one_cart(ada: User, lamp: Product) -> None:
    outcomes = race(
        *(adding(ada, lamp, 1) for _ in range(4)),
        meeting=Meeting("INSERT INTO cart_cart ", parties=4),
    )

    assert {type(outcome) for outcome in outcomes} == {CartContents}
    assert Cart.objects.count() == 1
    assert quantities(ada) == {lamp.pk: 4}


@pytest.mark.usefixtures("nobody_holds")
def test_without_the_lock_the_second_of_two_first_items_fails(ada: User, lamp: Product) -> None:
    """The negative control: both find no lamp, and only the constraint prevents two items."""
    Cart.objects.create(user=ada)
    meeting = Meeting.of_all(BEFORE_THE_ITEM)

    outcomes = race(adding(ada, lamp, 1), adding(ada, lamp, 1), meeting=meeting)

    assert meeting.was_complete
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "CartContents",
        "IntegrityError",
    ]
    assert any(isinstance(outcome, IntegrityError) for outcome in outcomes)
    assert quantities(ada) == {lamp.pk: 1}


# --- a checkout meanwhile ---------------------------------------------------------------------


@pytest.mark.parametrize("fragment", ["DELETE FROM cart_cartitem", 'UPDATE "cart_cart"'])
def test_an_addition_during_a_checkout_is_ordered_or_stays_in_the_cart(
    ada: User, lamp: Product, fragment: str
) -> None:
    make_cart(ada, {lamp: 2})

    claimed, added = race(partial(claim, ada), adding(ada, lamp, 3), meeting=Meeting(fragment))

    assert isinstance(claimed, dict)
    assert isinstance(added, CartContents)
    ordered = claimed[lamp.pk]
    left = quantities(ada).get(lamp.pk, 0)
    assert (ordered, left) in {(2, 3), (5, 0)}


@pytest.mark.usefixtures("nobody_holds")
def test_without_the_lock_an_item_added_during_a_checkout_is_lost(ada: User, lamp: Product) -> None:
    """The negative control: the item is ordered before its new quantity is written."""
    make_cart(ada, {lamp: 2})
    claimed: list[object] = []

    def claim_first(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if sql.startswith(BEFORE_THE_CHANGE):
            claimed.extend(race(partial(claim, ada)))
        return execute(sql, *rest)

    with connection.execute_wrapper(claim_first):
        adding(ada, lamp, 3)()

    assert claimed == [{lamp.pk: 2}]
    assert quantities(ada) == {}


def test_one_of_two_checkouts_at_once_gets_everything(ada: User, lamp: Product) -> None:
    make_cart(ada, {lamp: 2})

    outcomes = race(
        partial(claim, ada),
        partial(claim, ada),
        meeting=Meeting("DELETE FROM cart_cartitem"),
    )

    assert sorted(outcomes, key=len) == [{}, {lamp.pk: 2}]  # type: ignore[arg-type]


# --- changing and taking out ------------------------------------------------------------------


def test_an_item_that_is_removed_meanwhile_cannot_be_changed(ada: User, lamp: Product) -> None:
    item = make_cart(ada, {lamp: 2}).lines[0].item_id

    outcomes = race(
        partial(remove_item, user=ada, item_id=item),
        partial(change_item, user=ada, item_id=item, quantity=5),
        partial(clear_cart, user=ada),
        meeting=Meeting('UPDATE "cart_cart"', parties=3),
    )

    assert quantities(ada) == {}
    assert {type(outcome) for outcome in outcomes} <= {CartContents, CartItemNotFound}


def test_emptying_a_missing_cart_keeps_an_item_added_meanwhile(ada: User, lamp: Product) -> None:
    """There was no cart to lock, so the request that adds the first item does not wait."""

    def add_first(execute: Callable[..., object], sql: str, *rest: object) -> object:
        result = execute(sql, *rest)
        if sql.startswith('UPDATE "cart_cart"'):
            race(adding(ada, lamp, 1))
        return result

    with connection.execute_wrapper(add_first):
        clear_cart(user=ada)

    assert quantities(ada) == {lamp.pk: 1}


# --- the account is deleted meanwhile ---------------------------------------------------------


class Crossing(Meeting):
    """A meeting before either statement: one refers to the customer, the other deletes them."""

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        """Wait before the statement in which each of them needs a lock of the other."""
        reaches = BEFORE_THE_CHANGE, 'DELETE FROM "cart_cart"'
        self.fragment = reaches[0] if sql.startswith(reaches[0]) else reaches[1]
        return super().__call__(execute, sql, *rest)


def leave_while_adding(ada: User, lamp: Product) -> list[Any]:
    """Add to a cart with an idempotency key while the account is deleted; return both outcomes."""
    Cart.objects.create(user=ada)
    make_cart(ada, {lamp: 1})

    def add() -> dict[str, Any]:
        adding(ada, lamp, 1)()
        return {}

    # The record of the request refers to the user too: PostgreSQL checks that at the commit.
    add_once = partial(answer_once, user=ada, key="k", fingerprint="f", work=add)
    works: tuple[Work, ...] = add_once, partial(delete_user, user=ada)
    return race(*works, meeting=Crossing("", patience_seconds=1.0))


def test_an_account_is_deleted_before_or_after_an_addition_but_not_during_it(
    ada: User, lamp: Product
) -> None:
    added, left = leave_while_adding(ada, lamp)

    assert (type(added), left) == (KeptAnswer, None)


def test_without_the_lock_on_the_customer_an_addition_and_the_deletion_deadlock(
    ada: User, lamp: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: one locks the cart, then the customer; the other does the opposite."""
    monkeypatch.setattr("cart.services.items._hold_or_make", items.hold_cart)

    outcomes = leave_while_adding(ada, lamp)

    # PostgreSQL ends the one that notices the deadlock first.
    assert [type(outcome).__name__ for outcome in outcomes].count("OperationalError") == 1
