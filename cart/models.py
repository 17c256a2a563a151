"""What customers have picked and not ordered yet. Prices are the products' own until the checkout."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from catalog.models import Product

MOST_OF_ONE = 999


class Cart(models.Model):
    """A customer's one cart; it is emptied by a checkout and never goes."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="cart")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    # Counts the changes of the cart; the entity tag is made of it.
    version = models.PositiveIntegerField(default=1, editable=False)

    def __str__(self) -> str:
        return f"cart of user {self.user_id}"


class CartItem(models.Model):
    """So many of a product."""

    cart = models.ForeignKey(
        Cart, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cart", "product"], name="cart_item_unique_by_product"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MOST_OF_ONE),
                name="cart_item_quantity_bounded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of product {self.product_id}"
