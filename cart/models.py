"""What customers have picked and not ordered yet. Prices are the products' own until the checkout."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from catalog.models import Product

# Of one product; and how many different ones, as many as an order has lines.
MAX_PER_ITEM = 999
MAX_PRODUCTS = 500


class Cart(models.Model):
    """A customer's one cart: known by its customer's number before there is a row, never deleted by orders.

    The row is what writers hold, so that they come one after the other; who has put nothing into the
    cart yet has none.
    """

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="cart"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"cart of user {self.user_id}"


class CartItem(models.Model):
    """So many of a product."""

    cart = models.ForeignKey(
        Cart, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="cart_items"
    )
    quantity = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cart", "product"], name="cart_item_unique_by_product"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MAX_PER_ITEM),
                name="cart_item_quantity_bounded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of product {self.product_id}"
