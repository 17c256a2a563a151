"""What the checkout needs of a cart, which stays locked until the order is placed."""

from collections.abc import Collection

from django.db import connection
from django.utils import timezone

from accounts.models import User
from cart.models import CartItem
from cart.services.items import hold_cart
from catalog.models import Product
from catalog.services import lock_products

# The order refers to its customer, which locks the customer's row. We lock it before the cart, like
# the deletion of an account does; otherwise the two could deadlock.
_HOLD = """
    UPDATE cart_cart SET updated_at = %s
    FROM (SELECT id FROM accounts_user WHERE id = %s FOR KEY SHARE) AS customer
    WHERE cart_cart.user_id = customer.id
"""
# Django's `delete` does not return what it deleted.
_TAKE = """
    DELETE FROM cart_cartitem WHERE cart_id = %s AND product_id IN ({})
    RETURNING id, product_id, quantity
"""


def hold_cart_and_customer(user: User) -> bool:
    """Lock the cart of `user`, and the user against deletion; tell whether there is a cart."""
    if connection.vendor != "postgresql":
        return hold_cart(user)  # SQLite has one writer at a time
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [timezone.now(), user.pk])
        held: int = cursor.rowcount
        return held > 0


def lock_products_in_cart(user: User) -> dict[int, Product]:
    """Lock the products in the locked cart of `user`, and return them by id."""
    items = CartItem.objects.filter(cart_id=user.pk)
    return lock_products(items.values("product_id"))


def take_from_cart(user: User, product_ids: Collection[int]) -> dict[int, int]:
    """Remove products from the locked cart of `user`; return their quantities, oldest first."""
    if not product_ids:
        return {}
    places = ", ".join(["%s"] * len(product_ids))
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(places), [user.pk, *product_ids])
        rows = sorted(cursor.fetchall())
    return {product_id: quantity for _, product_id, quantity in rows}
