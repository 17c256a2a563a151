"""Handing a cart over to whoever turns it into an order, and holds it all the while."""

from django.db import connection
from django.utils import timezone

from accounts.models import User
from cart.models import CartItem
from cart.services.items import hold_cart
from catalog.models import Product
from catalog.services import lock_products

# The order will refer to its customer, whose row is locked for that: before the cart, as whoever deletes the
# account does it. They would wait for each other otherwise.
_HOLD = """
    UPDATE cart_cart SET updated_at = %s
    FROM (SELECT id FROM accounts_user WHERE id = %s FOR KEY SHARE) AS customer
    WHERE cart_cart.user_id = customer.id
"""
# Django's own `delete` does not tell what it deleted.
_EMPTY = (
    "DELETE FROM cart_cartitem WHERE cart_id = %s RETURNING id, product_id, quantity"
)


def hold_cart_and_customer(user: User) -> bool:
    """Hold the cart of `user`, and their row against deletion; tell whether there is a cart."""
    if connection.vendor != "postgresql":
        return hold_cart(user)  # one writer at a time
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [timezone.now(), user.pk])
        held: int = cursor.rowcount
        return held > 0


def lock_products_in_cart(user: User) -> dict[int, Product]:
    """Lock all that is in the held cart of `user` against change; the products come back by id."""
    items = CartItem.objects.filter(cart_id=user.pk)
    return lock_products(items.values("product_id"))


def empty_cart(user: User) -> dict[int, int]:
    """Empty the held cart of `user`; return how many of each product were in it, in the order of their coming."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY, [user.pk])
        rows = sorted(cursor.fetchall())
    return {product_id: quantity for _, product_id, quantity in rows}
