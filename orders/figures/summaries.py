"""How many orders there are, and what they earned."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, When
from django.db.models.expressions import Combinable

from accounts.models import Project
from orderchainer.core.days import Span
from orderchainer.core.db.amounts import SumOfAmounts
from orderchainer.core.money import ZERO, as_written, written_decimals_of
from orders.figures.selecting import EVERYTHING, Selection, placed_in, selected_in
from orders.lifecycle import GONE_WRONG, Status
from orders.models import OrderQuerySet

# An order with one of these statuses is not placed yet.
NOT_COUNTED = frozenset({Status.DRAFT})
EARNING = frozenset(Status) - NOT_COUNTED - GONE_WRONG


@dataclass(frozen=True)
class Sales:
    """How many orders count, and what they earned, in one currency."""

    currency: str
    total_orders: int
    total_revenue: Decimal

    @property
    def average_order_value(self) -> Decimal:
        """`total_revenue` divided by `total_orders`, rounded half up; 0 without orders."""
        return average_of(self.total_revenue, self.total_orders, self.currency)


@dataclass
class Tally:
    """Orders, added up group by group. A group has one status and one currency."""

    by_status: Counter[str] = field(default_factory=Counter)
    # How many orders count, and what they earned, by currency.
    counted: Counter[str] = field(default_factory=Counter)
    earned: dict[str, Decimal] = field(default_factory=dict)

    def add(self, group: Mapping[str, Any]) -> None:
        """Add a group with `status`, `currency`, `is_test`, `orders` and `amount`."""
        status, currency = group["status"], group["currency"]
        self.by_status[status] += group["orders"]
        if status not in NOT_COUNTED:
            self.counted[currency] += group["orders"]
        if status in EARNING and not group["is_test"]:
            self.earned[currency] = self.earned.get(currency, ZERO) + group["amount"]

    @property
    def total_orders(self) -> int:
        """How many orders count, in all currencies."""
        return self.counted.total()

    def sales(self) -> list[Sales]:
        """Return the sales in each currency; the one with most orders comes first."""
        return [
            Sales(currency, orders, self.revenue_in(currency))
            for currency, orders in sorted(
                self.counted.items(), key=lambda pair: (-pair[1], pair[0])
            )
        ]

    def revenue_in(self, currency: str) -> Decimal:
        """Return what the orders in `currency` earned."""
        return as_written(self.earned.get(currency, ZERO), currency)


@dataclass(frozen=True)
class Summary:
    """The figures of a period.

    `total_orders` counts the orders in all currencies. `total_revenue` and `average_order_value`
    are in `currency`: the project's if an order of the period has it, else the one that most orders
    have. `by_currency` has the sales in each currency that occurs; the one with most orders comes
    first.
    """

    period: Span
    orders_by_status: Mapping[str, int]
    total_orders: int
    currency: str
    total_revenue: Decimal
    by_currency: Mapping[str, Sales]

    @property
    def average_order_value(self) -> Decimal:
        """`total_revenue` divided by `total_orders`, rounded half up; 0 without orders."""
        return average_of(self.total_revenue, self.total_orders, self.currency)


def summary_of(project: Project, period: Span, selection: Selection = EVERYTHING) -> Summary:
    """Return the figures of the project's orders in the period, in one statement.

    It reads one index (`order_by_project_date`) and no row of the table, unless the selection asks
    for a customer.
    """
    tally = Tally()
    for group in groups_of(placed_in(project, period, selection)):
        tally.add(group)
    return summary_in(tally, period, usual_currency=selection.currency or project.currency)


def summaries_of(project: Project, *spans: Span) -> list[Summary]:
    """Return the figures of each of these spans, which do not overlap, in one statement."""
    within = [Q(ordered_at__gte=span.start, ordered_at__lt=span.end) for span in spans]
    cases = [When(condition, then=number) for number, condition in enumerate(within)]
    orders = selected_in(project).filter(reduce(or_, within))
    tallies = [Tally() for _ in spans]
    for group in groups_of(orders, span=Case(*cases, output_field=IntegerField())):
        tallies[group["span"]].add(group)
    return [
        summary_in(tally, span, usual_currency=project.currency)
        for tally, span in zip(tallies, spans, strict=True)
    ]


def groups_of(orders: OrderQuerySet, *columns: str, **keys: Combinable) -> Any:
    """Return the groups that a `Tally` adds, apart for each combination of columns and keys."""
    return orders.values("status", "currency", "is_test", *columns, **keys).annotate(
        orders=Count("*"), amount=SumOfAmounts("total_price")
    )


def summary_in(tally: Tally, period: Span, *, usual_currency: str) -> Summary:
    """Return the figures in `tally`. `usual_currency` is shown if an order of the period has it."""
    by_currency = {each.currency: each for each in tally.sales()}
    currency = usual_currency
    if by_currency and currency not in by_currency:
        currency = next(iter(by_currency))
    return Summary(
        period=period,
        orders_by_status={
            str(each): tally.by_status[each] for each in Status if each in tally.by_status
        },
        total_orders=tally.total_orders,
        currency=currency,
        total_revenue=tally.revenue_in(currency),
        by_currency=by_currency,
    )


def average_of(amount: Decimal, count: int, currency: str) -> Decimal:
    """Divide, and round half up to the decimals that we write; 0 if `count` is 0."""
    smallest = Decimal(1).scaleb(-written_decimals_of(currency))
    return (amount / count if count else ZERO).quantize(smallest, ROUND_HALF_UP)
