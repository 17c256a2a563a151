"""The items of an order."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import CharField, OuterRef, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, JSONObject

from catalog.models import Product
from orderchainer.core.money import COLUMN_DECIMALS, COLUMN_DIGITS
from orders.graph import ListOf
from orders.models.orders import Order


class OrderItem(models.Model):
    """An item of an order, with its name and price at the time of purchase."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    # The product that it was sold from and returns to; empty if it was not sold from stock.
    product = models.ForeignKey(
        Product,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        limit_choices_to={"is_active": True},
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
        indexes: ClassVar = [
            # The latest orders with a product.
            models.Index(
                fields=["product", "order"],
                condition=Q(product__isnull=False),
                name="item_by_product",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"

    @property
    def total_price(self) -> Decimal:
        """Unit price times quantity, in the order's currency."""
        return self.unit_price * self.quantity


def listed_items(**more: str | Combinable) -> ListOf:
    """Return the items of the outer query's order, in their sequence, as plain values.

    A price comes as a text, because JSON would make it a binary float. `more` are further columns
    by name.
    """
    lines = OrderItem.objects.filter(order=OuterRef("pk")).order_by("pk")
    return ListOf(
        lines.values(
            item=JSONObject(
                name="name",
                sku="sku",
                unit_price=Cast("unit_price", CharField()),
                quantity="quantity",
                **more,
            )
        )
    )
