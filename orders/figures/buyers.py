"""Who buys: the best customers, and how many of them are new."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Lower, NullIf, Round

from accounts.models import Project
from orderchainer.core.days import Span
from orderchainer.core.db.amounts import SumOfAmounts
from orderchainer.core.money import COLUMN_DECIMALS, as_written
from orders.figures.selecting import EVERYTHING, Selection, placed_in, selected_in
from orders.figures.summaries import EARNING, NOT_COUNTED
from orders.models import OrderQuerySet

MAX_SHOWN = 10


@dataclass(frozen=True)
class Customer:
    """A customer: their orders that count, and what those in one currency earned.

    Names and addresses are as they stand in their orders; the last in the alphabet if they differ.
    """

    name: str
    email: str
    phone: str
    total_orders: int
    total_revenue: Decimal


@dataclass(frozen=True)
class Customers:
    """How many customers placed orders: for the first time in this project, or again."""

    new: int
    returning: int

    @property
    def total(self) -> int:
        """All customers."""
        return self.new + self.returning


def top_customers(
    project: Project, span: Span, *, currency: str, selection: Selection = EVERYTHING
) -> Sequence[Customer]:
    """Return the customers with most revenue in `currency`, in one statement."""
    earns = Q(currency=currency, status__in=EARNING, is_test=False)
    found = (
        _known(placed_in(project, span, selection))
        .values("customer")
        .annotate(
            name=Max("customer_name"),
            email=Max("customer_email"),
            phone=Max("customer_phone"),
            orders=Count("pk"),
            amount=SumOfAmounts("total_price", filter=earns),
            # SQLite writes exact sums as text, which it cannot sort.
            rank=Round(
                Coalesce(Sum("total_price", filter=earns), Value(Decimal(0))),
                precision=COLUMN_DECIMALS,
            ),
        )
        .order_by("-rank", "-orders", "customer")[:MAX_SHOWN]
    )
    return [
        Customer(
            name=row["name"],
            email=row["email"],
            phone=row["phone"],
            total_orders=row["orders"],
            total_revenue=as_written(row["amount"], currency),
        )
        for row in found
    ]


def customers_of(project: Project, span: Span, selection: Selection = EVERYTHING) -> Customers:
    """Return how many customers the period had, in one statement.

    A customer is new if none of their orders in this project is older than the period. Orders
    that the selection leaves out count for that too.
    """
    in_period = Q(ordered_at__gte=span.start)
    if selection != EVERYTHING:
        in_period &= Q(pk__in=placed_in(project, span, selection).values("pk"))
    found = (
        _known(selected_in(project).filter(ordered_at__lt=span.end))
        .values("customer")
        .annotate(first=Min("ordered_at"), here=Count("pk", filter=in_period))
        .filter(here__gt=0)
        .aggregate(
            new=Count("customer", filter=Q(first__gte=span.start)),
            returning=Count("customer", filter=Q(first__lt=span.start)),
        )
    )
    return Customers(found["new"], found["returning"])


def _known(orders: OrderQuerySet) -> QuerySet[Any, Any]:
    """Keep the orders that count and name a customer, with `customer`: who that is.

    It is their e-mail address, and without one their phone number.
    """
    email = NullIf(Lower("customer_email"), Value(""))
    number = NullIf(F("customer_digits"), Value(""))
    return (
        orders.exclude(status__in=NOT_COUNTED)
        .annotate(customer=Coalesce(email, number))
        .filter(customer__isnull=False)
    )
