"""Putting things into the cart and taking them out.

Whoever writes to a cart begins with `touch_cart`: its one UPDATE counts the version and holds the row
until the transaction ends, so that two tabs and a checkout come one after the other.
"""

from collections.abc import Callable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from cart.errors import CartItemNotFound, OtherCurrency
from cart.models import MOST_OF_ONE, Cart, CartItem
from catalog.errors import ProductNotFound
from catalog.models import Product
from orderchainer.api.errors import Invalid

Precondition = Callable[[Cart], None]


@transaction.atomic
def add_item(
    *,
    user: User,
    product_id: int,
    quantity: int,
    precondition: Precondition | None = None,
) -> CartItem:
    """Put so many of a product into the cart, beside those that are there.

    Raises `ProductNotFound` for what the storefront does not sell, `OtherCurrency`, and `Invalid` (under
    `quantity`) where there would be more than `MOST_OF_ONE`. How many there are in stock is asked at the
    checkout: until then somebody else may buy them, or bring some back.
    """
    cart = touch_cart(user, precondition)
    product = Product.objects.on_sale().filter(pk=product_id).first()
    if product is None:
        raise ProductNotFound
    others = cart.items.exclude(product=product).values_list(
        "product__currency", flat=True
    )
    for currency in others[:1]:
        if currency != product.currency:
            raise OtherCurrency(product.name, product.currency, currency)
    item = cart.items.filter(product=product).first()
    if item is None:
        _check_quantity(quantity)
        return CartItem.objects.create(cart=cart, product=product, quantity=quantity)
    item.quantity += quantity
    _check_quantity(item.quantity)
    item.save(update_fields=["quantity"])
    return item


@transaction.atomic
def change_item(
    *, user: User, item_id: int, quantity: int, precondition: Precondition | None = None
) -> CartItem:
    """Have so many of an item. Raises `CartItemNotFound`, `Invalid`."""
    _check_quantity(quantity)
    cart = touch_cart(user, precondition)
    if not cart.items.filter(pk=item_id).update(quantity=quantity):
        raise CartItemNotFound
    return cart.items.get(pk=item_id)


@transaction.atomic
def remove_item(
    *, user: User, item_id: int, precondition: Precondition | None = None
) -> None:
    """Take an item out of the cart. Raises `CartItemNotFound`."""
    cart = touch_cart(user, precondition)
    count, _ = cart.items.filter(pk=item_id).delete()
    if not count:
        raise CartItemNotFound


@transaction.atomic
def clear_cart(*, user: User, precondition: Precondition | None = None) -> None:
    """Take everything out of the cart."""
    touch_cart(user, precondition).items.all().delete()


def touch_cart(user: User, precondition: Precondition | None = None) -> Cart:
    """Return the cart of `user`, held and counted as changed; make it where there is none yet.

    `precondition` is called with the cart as it was, and may raise.
    """
    changed = Cart.objects.filter(user=user).update(
        version=F("version") + 1, updated_at=timezone.now()
    )
    if not changed:
        # Of two first requests at once, one makes it and the other finds it.
        Cart.objects.get_or_create(user=user)
        return touch_cart(user, precondition)
    cart = Cart.objects.get(user=user)
    if precondition is not None:
        cart.version -= 1
        precondition(cart)
        cart.version += 1
    return cart


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MOST_OF_ONE:
        raise Invalid({"quantity": [f"Must be from 1 to {MOST_OF_ONE} in all."]})
