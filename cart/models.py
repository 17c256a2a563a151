"""Carts: what customers have picked but not ordered yet. Prices are the products' current ones."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from catalog.models import Product

# How many of one product, and how many different products. An order can have as many items.
MAX_PER_ITEM = 999
MAX_PRODUCTS = 500


class Cart(models.Model):
    """The one cart of a customer. It has the customer's id, and stays when an order empties it.

    Writers lock the row, so they take turns. Customers who never put anything into their cart have
    no row.
    """

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="cart"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"cart of user {self.user_id}"


class CartItem(models.Model):
    """One product in a cart, and how many of it."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="items", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="cart_items")
    quantity = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cart", "product"], name="cart_item_unique_by_product"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MAX_PER_ITEM),
                name="cart_item_quantity_bounded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of product {self.product_id}"
