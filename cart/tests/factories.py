"""Carts for tests, filled by the service that fills everybody's."""

from collections.abc import Mapping

from accounts.models import User
from cart.queries import CartContents, cart_of
from cart.services import add_item
from catalog.models import Product


def make_cart(user: User, quantities: Mapping[Product, int]) -> CartContents:
    """Put so many of each product into the cart of `user`; return what is in it then."""
    for product, quantity in quantities.items():
        add_item(user=user, product_id=product.pk, quantity=quantity)
    return cart_of(user.pk)
