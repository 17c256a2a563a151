"""The filter of a list of orders."""

from django.http import HttpRequest

from orderchainer.core.errors import Invalid
from orders.lifecycle import Status
from orders.models import OrderQuerySet


def narrowed(orders: OrderQuerySet, request: HttpRequest) -> OrderQuerySet:
    """Keep the orders with a status that the query string names; all of them if it names none.

    Raises `Invalid` for a word that is not a status.
    """
    wanted = request.GET.getlist("status")
    if not set(wanted) <= set(Status.values):
        raise Invalid({"status": [f"Must be one of {', '.join(Status.values)}."]})
    return orders.filter(status__in=wanted) if wanted else orders
