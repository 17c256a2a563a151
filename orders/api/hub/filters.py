"""The filters and sort orders of a project's orders."""

import django_filters
from django.http import HttpRequest

from accounts.callers import caller_of
from accounts.models import Project, User
from orderchainer.core.days import Period, days_up_to_today
from orderchainer.core.http.filters import (
    ME,
    NOBODY,
    ChoicesFilter,
    NumberFilter,
    Ordering,
    PersonFilter,
    filled,
    filter_of,
    ordered,
)
from orderchainer.core.http.pagination import days_of
from orderchainer.core.money import COLUMN_DECIMALS, COLUMN_DIGITS
from orders.lifecycle import Status
from orders.models import Order, OrderQuerySet

# The names by which clients sort, and the columns behind them.
ORDERINGS = {
    "order_date": "ordered_at",
    "updated_at": "updated_at",
    "number": "id",
    "title": "title",
    "status": "status",
    "total": "total_price",
    "customer": "customer_name",
}
MAX_TEXT_LENGTH = 200


class _AmountFilter(NumberFilter):
    """A bound of the total, in the currency of each order."""

    def __init__(self, lookup: str) -> None:
        super().__init__(
            field_name="total_price",
            lookup_expr=lookup,
            min_value=0,
            max_digits=COLUMN_DIGITS,
            decimal_places=COLUMN_DECIMALS,
        )


class OrderFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """`status` and `provider` (both repeatable), `assignee`, `search`, `customer`, `min_total`,
    `max_total`.
    """

    status = ChoicesFilter(Status.choices)
    provider = ChoicesFilter(Order.Provider.choices)
    assignee = PersonFilter(method="cared_for_by")
    search = django_filters.CharFilter(method="found_by", max_length=MAX_TEXT_LENGTH)
    customer = django_filters.CharFilter(method="of_customer", max_length=MAX_TEXT_LENGTH)
    min_total = _AmountFilter("gte")
    max_total = _AmountFilter("lte")
    ordering = Ordering(ORDERINGS)

    class Meta:
        model = Order
        fields = ()

    def cared_for_by(self, orders: OrderQuerySet, _name: str, who: str) -> OrderQuerySet:
        """Keep the orders that this person cares for. `me` is who asks."""
        if who == NOBODY:
            return orders.filter(assignee=None)
        if who == ME:
            # Saving a view reads its filters, and asks for no rows.
            if self.request is None:
                return orders.none()
            return orders.filter(assignee=caller_of(self.request).pk)
        # A subquery, because a list reads nothing but orders before it has found its page.
        return orders.filter(assignee__in=User.objects.filter(uuid=who).values("pk"))

    def found_by(self, orders: OrderQuerySet, _name: str, text: str) -> OrderQuerySet:
        """Keep the orders with `text` as number, or within the title, external id or customer."""
        return orders.found_by(text)

    def of_customer(self, orders: OrderQuerySet, _name: str, text: str) -> OrderQuerySet:
        """Keep the orders with `text` in the customer's name, e-mail address or phone number."""
        return orders.of_customer(text)


def period_of(project: Project, request: HttpRequest) -> Period:
    """Return the days that the request asks for. Raises `Invalid`."""
    return days_up_to_today(days_of(request), project.zone)


def narrowed(project: Project, request: HttpRequest) -> OrderQuerySet:
    """Return the project's orders that the query string selects.

    Raises `Invalid` with the parameter's name. The newest come first unless `ordering` says
    otherwise. Orders with equal values are sorted by number, so that no order is on two pages.
    """
    orders = Order.objects.filter(project=project).placed_within(period_of(project, request))
    orders = orders.order_by("-ordered_at", "-id")
    # Building the form takes as long as reading the rows, so we skip it without a filter.
    if filled(request).keys().isdisjoint(OrderFilter.base_filters):
        return orders
    found: OrderQuerySet = filter_of(OrderFilter, request, orders).qs
    return ordered(found, last="-id")
