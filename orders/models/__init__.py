"""Orders, their items, what they wait for, and the stream of events."""

from orders.models.dependencies import OrderDependency, OrderDependencyQuerySet
from orders.models.items import OrderItem, listed_items
from orders.models.orders import Order, OrderQuerySet
from orders.stream import models as _stream  # noqa: F401 (Django looks for models here)

__all__ = [
    "Order",
    "OrderDependency",
    "OrderDependencyQuerySet",
    "OrderItem",
    "OrderQuerySet",
    "listed_items",
]
