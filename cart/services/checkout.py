"""Handing a cart over to whoever turns it into an order."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone

from accounts.models import User
from cart.models import Cart, CartItem


@dataclass(frozen=True)
class ClaimedCart:
    """What was in a cart that is empty from now on, unless the transaction is rolled back."""

    quantities: Mapping[int, int]  # by product


def claim_cart(user: User) -> ClaimedCart:
    """Empty the cart of `user` and return what was in it, in the caller's transaction.

    The first statement holds the cart's row, so that nothing is added meanwhile and two checkouts at
    once are one after the other: the second finds it empty.
    """
    held = Cart.objects.filter(user=user).update(
        version=F("version") + 1, updated_at=timezone.now()
    )
    if not held:
        return ClaimedCart({})
    items = CartItem.objects.filter(cart__user=user)
    quantities = dict(items.values_list("product_id", "quantity"))
    items.delete()
    return ClaimedCart(quantities)
