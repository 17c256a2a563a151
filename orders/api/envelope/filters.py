"""The filter of a list of orders."""

import django_filters
from django.http import HttpRequest

from orderchainer.core.http.filters import ChoicesFilter, filled, filter_of
from orders.lifecycle import Status
from orders.models import Order, OrderQuerySet


class OrderFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """`status`, which may be repeated."""

    status = ChoicesFilter(Status.choices)

    class Meta:
        model = Order
        fields = ()


def has_values(request: HttpRequest) -> bool:
    """Tell whether the query string has values that may match many orders or few.

    A single status always has the index that lists it.
    """
    return len(filled(request).getlist("status")) > 1


def narrowed(orders: OrderQuerySet, request: HttpRequest) -> OrderQuerySet:
    """Keep the orders with a status that the query string names; all of them if it names none.

    Raises `Invalid` for a word that is not a status.
    """
    if "status" not in filled(request):
        return orders
    found: OrderQuerySet = filter_of(OrderFilter, request, orders).qs
    return found
