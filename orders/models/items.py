"""The items of an order."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q

from catalog.models import Product
from orderchainer.core.money import COLUMN_DECIMALS, COLUMN_DIGITS
from orders.models.orders import Order


class OrderItem(models.Model):
    """An item of an order, with its name and price at the time of purchase."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    # The product that it was sold from and returns to; empty if it was not sold from stock.
    product = models.ForeignKey(
        Product, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=255)
    sku = models.CharField(max_length=64, blank=True)
    unit_price = models.DecimalField(max_digits=COLUMN_DIGITS, decimal_places=COLUMN_DECIMALS)
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="item_quantity_positive"),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="item_price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"

    @property
    def total_price(self) -> Decimal:
        """Unit price times quantity, in the order's currency."""
        return self.unit_price * self.quantity
