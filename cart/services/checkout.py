"""Handing a cart over to whoever turns it into an order."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from accounts.models import User
from cart.queries import cart_of
from cart.services.items import Precondition, hold_cart

# Django's own `delete` does not tell what it deleted.
_EMPTY = (
    "DELETE FROM cart_cartitem WHERE cart_id = %s RETURNING id, product_id, quantity"
)


@dataclass(frozen=True)
class ClaimedCart:
    """What was in a cart that is empty from now on, unless the transaction is rolled back."""

    quantities: Mapping[int, int]  # by product, in the order in which they were put in


def claim_cart(user: User, precondition: Precondition | None = None) -> ClaimedCart:
    """Empty the cart of `user` and return what was in it, in the caller's transaction.

    The first statement holds the cart, so that nothing is added meanwhile and two checkouts at once are one
    after the other: the second finds it empty. Two statements, and what `precondition` takes: it is called
    with the cart as it was, and may raise.
    """
    if not hold_cart(user):
        return ClaimedCart({})
    if precondition is not None:
        precondition(cart_of(user.pk))
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY, [user.pk])
        rows = sorted(cursor.fetchall())
    return ClaimedCart({product_id: quantity for _, product_id, quantity in rows})
