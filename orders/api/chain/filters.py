"""The filters and sort orders of a list of orders."""

import django_filters
from django.db.models import Q
from django.http import HttpRequest

from orderchainer.core.http.filters import (
    ChoicesFilter,
    NumberFilter,
    Ordering,
    filled,
    filter_of,
    ordered,
)
from orderchainer.core.ids import MAX_ID
from orders.lifecycle import Status
from orders.models import Order, OrderQuerySet

ORDERINGS = ("id", "created_at", "updated_at", "title", "status", "total_price")


class OrderFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """`status` (repeatable), `search` in title and description, `ordering`, `up_to` an id."""

    status = ChoicesFilter(Status.choices)
    search = django_filters.CharFilter(method="containing", max_length=200)
    ordering = Ordering(ORDERINGS)
    up_to = NumberFilter(
        field_name="id",
        lookup_expr="lte",
        min_value=1,
        max_value=MAX_ID,
        decimal_places=0,
    )

    class Meta:
        model = Order
        fields = ()

    def containing(self, orders: OrderQuerySet, _name: str, text: str) -> OrderQuerySet:
        """Keep the orders with `text` in the title or the description, in upper or lower case."""
        return orders.filter(Q(title__icontains=text) | Q(description__icontains=text))


def has_values(request: HttpRequest) -> bool:
    """Tell whether the query string has values that may match many orders or few.

    A single status always has the index that lists it.
    """
    given = filled(request)
    return "search" in given or len(given.getlist("status")) > 1


def narrowed(orders: OrderQuerySet, request: HttpRequest) -> OrderQuerySet:
    """Apply the filters in the query string. Raises `Invalid` with the parameter's name.

    The oldest orders come first unless `ordering` says otherwise. An order that is added while a
    client pages therefore comes last. Orders with equal values are sorted by id, so that no order
    appears on two pages.
    """
    # Building the form takes as long as reading the rows, so we skip it without a filter.
    if filled(request).keys().isdisjoint(OrderFilter.base_filters):
        return orders.order_by("id")
    found: OrderQuerySet = filter_of(OrderFilter, request, orders).qs
    return ordered(found)
