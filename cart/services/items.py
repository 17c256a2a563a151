"""Putting products into the cart and taking them out.

Every writer locks the cart before reading it. So two tabs and a checkout take turns, and each sees
what the one before it did.
"""

from collections.abc import Callable
from dataclasses import replace

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from cart.errors import CartFull, CartItemNotFound, OtherCurrency
from cart.models import MAX_PER_ITEM, MAX_PRODUCTS, Cart, CartItem
from cart.queries import CartContents, Line, Offer, cart_and_offer, cart_of
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
    """Add `quantity` of a product to the cart, and return the cart's new contents.

    `precondition` is called with the contents before the change, and may raise. Raises
    `ProductNotFound` if the storefront does not sell the product, `OtherCurrency`, `CartFull`, and
    `Invalid` (under `quantity`) if the cart would hold more than `MAX_PER_ITEM` of it or more than
    are in stock. The checkout checks the stock again, since others may buy some before.
    """
    _hold_or_make(user)
    cart, offer = cart_and_offer(user.pk, product_id)
    if precondition is not None:
        precondition(cart)
    if offer is None or not offer.is_on_sale:
        raise ProductNotFound
    if cart.currency and offer.currency != cart.currency:
        raise OtherCurrency(offer.name, offer.currency, cart.currency)
    for line in cart.lines:
        if line.offer.product_id == product_id:
            return _set_quantity(cart, line, line.quantity + quantity)
    if cart.sold_products >= MAX_PRODUCTS:
        raise CartFull(MAX_PRODUCTS)
    _check_quantity(quantity, offer)
    item = CartItem.objects.create(cart_id=user.pk, product_id=product_id, quantity=quantity)
    return replace(cart, lines=(*cart.lines, Line(item.pk, offer, quantity)))


@transaction.atomic
def change_item(
    *, user: User, item_id: int, quantity: int, precondition: Precondition | None = None
) -> CartContents:
    """Set the quantity of an item, and return the cart's new contents.

    `precondition` as in `add_item`. Raises `CartItemNotFound` and `Invalid`.
    """
    cart, line = _held_with(user, item_id, precondition)
    return _set_quantity(cart, line, quantity)


@transaction.atomic
def remove_item(
    *, user: User, item_id: int, precondition: Precondition | None = None
) -> CartContents:
    """Take an item out of the cart, and return the rest. Raises `CartItemNotFound`."""
    cart, removed = _held_with(user, item_id, precondition)
    CartItem.objects.filter(pk=item_id).delete()
    left = tuple(line for line in cart.lines if line is not removed)
    return replace(cart, lines=left)


@transaction.atomic
def clear_cart(*, user: User, precondition: Precondition | None = None) -> CartContents:
    """Empty the cart, and return it."""
    is_held = hold_cart(user)
    if precondition is not None:
        precondition(cart_of(user.pk))
    if is_held:
        # Without a cart, delete nothing: another request may be creating one with items that
        # `precondition` has not seen.
        CartItem.objects.filter(cart_id=user.pk).delete()
    return CartContents(user.pk)


# A new cart refers to its customer, and so does the record of an idempotent request. So we lock the
# customer's row before the cart, like the deletion of an account does; otherwise the two could
# deadlock.
_HOLD_OR_MAKE = """
    INSERT INTO cart_cart (user_id, created_at, updated_at)
    SELECT id, %s, %s FROM accounts_user WHERE id = %s FOR KEY SHARE
    ON CONFLICT (user_id) DO UPDATE SET updated_at = EXCLUDED.updated_at
"""


def _hold_or_make(user: User) -> None:
    """Lock the customer and their cart with one statement, and create the cart if it is missing.

    If a customer's first two requests arrive at once, they create only one cart.
    """
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
    """Lock the cart of `user` until the transaction ends; tell whether there is one.

    `having` are further conditions. The database checks them before it waits for other writers.
    """
    carts = Cart.objects.filter(user=user, **having)
    return carts.update(updated_at=timezone.now()) > 0


def _held_with(
    user: User, item_id: int, precondition: Precondition | None
) -> tuple[CartContents, Line]:
    """Lock the cart of `user` and return its contents and the item. Raises `CartItemNotFound`."""
    if hold_cart(user, items__pk=item_id):
        cart = cart_of(user.pk)
        if precondition is not None:
            precondition(cart)
        for line in cart.lines:
            if line.item_id == item_id:
                return cart, line
    raise CartItemNotFound


def _set_quantity(cart: CartContents, line: Line, quantity: int) -> CartContents:
    if quantity == line.quantity:
        # The client sends the quantity back as it was read. That is allowed even if the stock has
        # become too small.
        return cart
    _check_quantity(quantity, line.offer)
    CartItem.objects.filter(pk=line.item_id).update(quantity=quantity)
    changed = replace(line, quantity=quantity)
    return replace(cart, lines=tuple(changed if each is line else each for each in cart.lines))


def _check_quantity(quantity: int, offer: Offer) -> None:
    if not 1 <= quantity <= MAX_PER_ITEM:
        raise Invalid({"quantity": [f"Must be from 1 to {MAX_PER_ITEM} in all."]})
    if not offer.is_on_sale:
        raise Invalid({"quantity": ["This product is no longer sold."]})
    if quantity > offer.stock:
        words = f"Only {offer.stock} left." if offer.stock else "None left."
        raise Invalid({"quantity": [words]})
