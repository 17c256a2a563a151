"""Putting things into the cart and taking them out.

Whoever writes to a cart holds it first, and looks at it then: two tabs and a checkout come one after the
other, and each knows what the one before has left.
"""

from collections.abc import Callable
from dataclasses import replace

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from cart.errors import CartFull, CartItemNotFound, OtherCurrency
from cart.models import MAX_PER_ITEM, MAX_PRODUCTS, Cart, CartItem
from cart.queries import CartContents, Line, cart_and_offer, cart_of
from catalog.errors import ProductNotFound
from orderchainer.core.errors import Invalid

Precondition = Callable[[CartContents], None]


@transaction.atomic
def add_item(
    *,
    user: User,
    product_id: int,
    quantity: int,
    precondition: Precondition | None = None,
) -> CartContents:
    """Put so many of a product into the cart, beside those that are there; return all that is in it then.

    `precondition` is called with the cart as it was, and may raise. Raises `ProductNotFound` for what the
    storefront does not sell, `OtherCurrency`, `CartFull`, and `Invalid` (under `quantity`) where there would
    be more than `MAX_PER_ITEM`. How many there are in stock is asked at the checkout: until then somebody
    else may buy them, or bring some back.
    """
    _hold_or_make(user)
    cart, offer = cart_and_offer(user.pk, product_id)
    if precondition is not None:
        precondition(cart)
    if offer is None or not offer.is_on_sale:
        raise ProductNotFound
    if cart.lines and offer.currency != cart.currency:
        raise OtherCurrency(offer.name, offer.currency, cart.currency)
    for line in cart.lines:
        if line.offer.product_id == product_id:
            return _set_quantity(cart, line, line.quantity + quantity)
    if len(cart.lines) >= MAX_PRODUCTS:
        raise CartFull(MAX_PRODUCTS)
    _check_quantity(quantity)
    item = CartItem.objects.create(
        cart_id=user.pk, product_id=product_id, quantity=quantity
    )
    return replace(cart, lines=(*cart.lines, Line(item.pk, offer, quantity)))


@transaction.atomic
def change_item(
    *, user: User, item_id: int, quantity: int, precondition: Precondition | None = None
) -> CartContents:
    """Have so many of an item; return all that is in the cart then.

    `precondition` as in `add_item`. Raises `CartItemNotFound`, `Invalid`.
    """
    cart, line = _held_with(user, item_id, precondition)
    return _set_quantity(cart, line, quantity)


@transaction.atomic
def remove_item(
    *, user: User, item_id: int, precondition: Precondition | None = None
) -> CartContents:
    """Take an item out of the cart; return what is left. Raises `CartItemNotFound`."""
    cart, removed = _held_with(user, item_id, precondition)
    CartItem.objects.filter(pk=item_id).delete()
    left = tuple(line for line in cart.lines if line is not removed)
    return replace(cart, lines=left)


@transaction.atomic
def clear_cart(*, user: User, precondition: Precondition | None = None) -> CartContents:
    """Take everything out of the cart, which is returned empty."""
    is_held = hold_cart(user)
    if precondition is not None:
        precondition(cart_of(user.pk))
    if is_held:
        # Who has no cart yet may just be getting one, with something in it that `precondition` has not seen.
        CartItem.objects.filter(cart_id=user.pk).delete()
    return CartContents(user.pk)


# A new cart refers to its customer, and so does the record of a request that may be repeated. Their row is
# held for that before the cart, as whoever deletes the account does it: they would wait for each other otherwise.
_HOLD_OR_MAKE = """
    INSERT INTO cart_cart (user_id, created_at, updated_at)
    SELECT id, %s, %s FROM accounts_user WHERE id = %s FOR KEY SHARE
    ON CONFLICT (user_id) DO UPDATE SET updated_at = EXCLUDED.updated_at
"""


def _hold_or_make(user: User) -> None:
    """Hold the customer and their cart, made if need be, by one statement: two first requests at once make one."""
    if connection.vendor == "postgresql":
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(_HOLD_OR_MAKE, [now, now, user.pk])
        return
    Cart.objects.bulk_create(
        [Cart(user=user, updated_at=timezone.now())],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["updated_at"],
    )


def hold_cart(user: User, **having: int) -> bool:
    """Hold the cart of `user` until the transaction ends; tell whether there is one.

    `having` are more conditions on it, as they are before anybody else's change is waited for.
    """
    carts = Cart.objects.filter(user=user, **having)
    return carts.update(updated_at=timezone.now()) > 0


def _held_with(
    user: User, item_id: int, precondition: Precondition | None
) -> tuple[CartContents, Line]:
    """Hold the cart of `user`, if it has that item, and return both as they are then."""
    if hold_cart(user, items__pk=item_id):
        cart = cart_of(user.pk)
        if precondition is not None:
            precondition(cart)
        for line in cart.lines:
            if line.item_id == item_id:
                return cart, line
    raise CartItemNotFound


def _set_quantity(cart: CartContents, line: Line, quantity: int) -> CartContents:
    _check_quantity(quantity)
    CartItem.objects.filter(pk=line.item_id).update(quantity=quantity)
    changed = replace(line, quantity=quantity)
    return replace(
        cart, lines=tuple(changed if each is line else each for each in cart.lines)
    )


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAX_PER_ITEM:
        raise Invalid({"quantity": [f"Must be from 1 to {MAX_PER_ITEM} in all."]})
