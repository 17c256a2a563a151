"""Carts for tests."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from accounts.models import User
from cart.models import Cart, CartItem
from cart.queries import CartContents, cart_of
from cart.services.items import hold_cart
from catalog.models import Product


def make_cart(user: User, quantities: Mapping[Product, int]) -> CartContents:
    """Put these quantities into the cart of `user`; return the cart's contents.

    There may be less in stock, as if others had bought some since.
    """
    cart, _ = Cart.objects.get_or_create(user=user)
    with transaction.atomic():
        hold_cart(user)
        for product, quantity in quantities.items():
            there = CartItem.objects.filter(cart=cart, product=product)
            if not there.update(quantity=F("quantity") + quantity):
                CartItem.objects.create(cart=cart, product=product, quantity=quantity)
    return cart_of(user.pk)
