"""Who buys: the best customers, and how many of them are new."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Case, Count, Max, Min, Q, Sum, Value, When
from django.db.models.functions import Coalesce, Round

from accounts.models import Project
from orderchainer.core.days import Span
from orderchainer.core.db.amounts import SumOfAmounts, sum_from
from orderchainer.core.db.prepared import compiled
from orderchainer.core.money import COLUMN_DECIMALS, as_written
from orders.figures.selecting import EVERYTHING, Selection, placed_in, selected_in
from orders.figures.summaries import EARNING, NOT_COUNTED
from orders.models import Order

MAX_SHOWN = 10

# The best customers, each with the number of all, and of those who are new.
_BEST = """
SELECT orders, amount, newest, count(*) OVER (), sum(is_new) OVER ()
FROM ({customers}) AS customers
ORDER BY rank DESC, orders DESC, newest DESC LIMIT %s
"""


@dataclass(frozen=True)
class Customer:
    """A customer: their orders that count, and what those in one currency earned.

    Name, address and number are those of their newest order in the period.
    """

    name: str
    email: str
    phone: str
    total_orders: int
    total_revenue: Decimal


@dataclass(frozen=True)
class Customers:
    """How many customers placed orders: for the first time in this project, or again.

    `best` are those with most revenue.
    """

    new: int
    returning: int
    best: Sequence[Customer]

    @property
    def total(self) -> int:
        """All customers."""
        return self.new + self.returning


def customers_of(
    project: Project, span: Span, *, currency: str, selection: Selection = EVERYTHING
) -> Customers:
    """Return the customers of the period, the best of them by revenue in `currency`.

    A customer is new if none of their orders in this project is older than the period. Orders
    that the selection leaves out count for that too. Two statements; the first reads every order
    of the project, customer by customer, in the order of one index (`order_by_customer`).
    """
    here = Q(ordered_at__gte=span.start, ordered_at__lt=span.end)
    if selection != EVERYTHING:
        here &= Q(pk__in=placed_in(project, span, selection).values("pk"))
    earns = here & Q(currency=currency, status__in=EARNING, is_test=False)
    customers = compiled(
        # A bound on the moment would save nothing, and SQLite would then choose another index.
        selected_in(project)
        .exclude(customer_key="")
        .exclude(status__in=NOT_COUNTED)
        .values("customer_key")
        .annotate(
            orders=Count("pk", filter=here),
            amount=SumOfAmounts("total_price", filter=earns),
            newest=Max("pk", filter=here),
            # SQLite writes exact sums as text, which it cannot sort.
            rank=Round(
                Coalesce(Sum("total_price", filter=earns), Value(Decimal(0))),
                precision=COLUMN_DECIMALS,
            ),
            first=Min("ordered_at"),
        )
        .filter(orders__gt=0)
        .annotate(is_new=Case(When(first__gte=span.start, then=1), default=0))
    )
    with connection.cursor() as cursor:
        cursor.execute(_BEST.format(customers=customers.sql), [*customers.params, MAX_SHOWN])
        found = cursor.fetchall()
    newest = Order.objects.in_bulk([newest_id for _, _, newest_id, _, _ in found])
    best = [
        Customer(
            name=newest[pk].customer_name,
            email=newest[pk].customer_email,
            phone=newest[pk].customer_phone or newest[pk].phone_number,
            total_orders=orders,
            total_revenue=as_written(sum_from(amount), currency),
        )
        for orders, amount, pk, _, _ in found
    ]
    total, new = found[0][3:] if found else (0, 0)
    return Customers(new, total - new, best)
