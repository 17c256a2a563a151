"""Orders, their items, what they wait for, saved views, bulk changes, and the stream of events."""

from orders.models.bulk import BulkChange
from orders.models.dependencies import OrderDependency, OrderDependencyQuerySet
from orders.models.items import OrderItem, listed_items
from orders.models.orders import Order, OrderQuerySet, customer_key_of
from orders.models.views import SavedView, SavedViewQuerySet
from orders.stream import models as _stream  # noqa: F401 (Django looks for models here)

__all__ = [
    "BulkChange",
    "Order",
    "OrderDependency",
    "OrderDependencyQuerySet",
    "OrderItem",
    "OrderQuerySet",
    "SavedView",
    "SavedViewQuerySet",
    "customer_key_of",
    "listed_items",
]
