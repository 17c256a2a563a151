"""What the list of orders can be filtered by: all that the API knows, and more."""

from collections.abc import Sequence
from datetime import timedelta

import django_filters
from django.db.models import Exists, OuterRef
from django.utils import timezone

from orderchainer.core.http.fields import refused_choice
from orderchainer.core.http.filters import ChoicesFilter
from orders.api.hub.filters import OrderFilter
from orders.lifecycle import ChainState
from orders.models import OrderItem, OrderQuerySet
from orders.models.orders import order_has

# For how many days an order has been in its status, at least.
AGES = {"1": "a day", "3": "3 days", "7": "a week", "30": "30 days"}


class _ChainFilter(ChoicesFilter):
    """What the chain says: one or more of `waits`, `ready` and `blocked`."""

    def __init__(self) -> None:
        super().__init__(ChainState.choices)

    def filter(self, orders: OrderQuerySet, states: Sequence[str]) -> OrderQuerySet:
        """Keep the orders of which the chain says one of these."""
        return orders.in_chain_states(states) if states else orders


class _AgeFilter(django_filters.ChoiceFilter):  # type: ignore[misc]  # untyped library
    """How long the order has been in its status."""

    def __init__(self) -> None:
        words = refused_choice("%(value)s", AGES)
        super().__init__(choices=list(AGES.items()), error_messages={"invalid_choice": words})

    def filter(self, orders: OrderQuerySet, days: str) -> OrderQuerySet:
        """Keep the orders that have been in their status for so many days."""
        if not days:
            return orders
        return orders.filter(status_changed_at__lte=timezone.now() - timedelta(days=int(days)))


class OrderListFilter(OrderFilter):
    """The filters of the API, `chain` and `age`. `search` also looks at the SKUs of items."""

    chain = _ChainFilter()
    age = _AgeFilter()

    def found_by(self, orders: OrderQuerySet, _name: str, text: str) -> OrderQuerySet:
        """Keep the orders with `text` as the API finds it, or within the SKU of an item."""
        sold = OrderItem.objects.filter(order=OuterRef("pk"), sku__icontains=text)
        return orders.filter(order_has(text) | Exists(sold))
