"""Handing a cart over to whoever turns it into an order, and holds it all the while."""

from django.db import connection

from accounts.models import User
from cart.models import CartItem
from catalog.models import Product
from catalog.services import lock_products

# Django's own `delete` does not tell what it deleted.
_EMPTY = (
    "DELETE FROM cart_cartitem WHERE cart_id = %s RETURNING id, product_id, quantity"
)


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
