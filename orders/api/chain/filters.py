"""What a list of orders can be narrowed to and sorted by."""

import django_filters
from django.db.models import Q
from django.http import HttpRequest

from orderchainer.core.errors import Invalid
from orderchainer.core.ids import MAX_ID
from orders.lifecycle import Status
from orders.models import Order, OrderQuerySet

ORDERINGS = ("id", "created_at", "updated_at", "title", "status", "total_price")


class OrderFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """`status` (repeatable), `search` in title and description, `ordering`, `up_to` an id."""

    status = django_filters.MultipleChoiceFilter(choices=Status.choices)
    search = django_filters.CharFilter(method="containing", max_length=200)
    ordering = django_filters.OrderingFilter(
        fields=[(name, name) for name in ORDERINGS]
    )
    up_to = django_filters.NumberFilter(
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
        """Keep the orders with `text` in title or description, in whatever case."""
        return orders.filter(Q(title__icontains=text) | Q(description__icontains=text))


def narrowed(orders: OrderQuerySet, request: HttpRequest) -> OrderQuerySet:
    """Apply what the query string asks for. Raises `Invalid` that names the parameter.

    Without an `ordering` the oldest come first, so that rows that are added meanwhile come after all that was
    read. Equal values keep the order of their ids, so that no row stands on two pages.
    """
    # Building the form costs as much as reading the rows: only where something is asked.
    if request.GET.keys().isdisjoint(OrderFilter.base_filters):
        return orders.order_by("id")
    filterset = OrderFilter(request.GET, queryset=orders)
    if not filterset.is_valid():
        raise Invalid(
            {name: list(messages) for name, messages in filterset.errors.items()}
        )
    found: OrderQuerySet = filterset.qs
    return found.order_by(*found.query.order_by, "id")
