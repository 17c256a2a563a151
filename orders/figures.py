"""What orders add up to: one definition of each figure, for statistics, reports and exports.

- An order **counts** unless it is a draft. Cancelled, failed and test orders count.
- It **earns** its total if it counts and is not cancelled, failed or a test.
- It belongs to the day on which it was placed (`ordered_at`), in the project's time zone.
- Amounts are exact and in major units. Amounts of different currencies are never added.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Count

from accounts.models import Project
from orderchainer.core.days import Period
from orderchainer.core.db.amounts import SumOfAmounts
from orderchainer.core.money import ZERO, as_written, written_decimals_of
from orders.lifecycle import GONE_WRONG, Status
from orders.models import Order

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


@dataclass(frozen=True)
class Summary:
    """The figures of a period.

    `total_orders` counts the orders in all currencies. `total_revenue` and `average_order_value`
    are in `currency`: the project's if an order of the period has it, else the one that most orders
    have. `by_currency` has the sales in each currency that occurs; the one with most orders comes
    first.
    """

    period: Period
    orders_by_status: Mapping[str, int]
    total_orders: int
    currency: str
    total_revenue: Decimal
    by_currency: Mapping[str, Sales]

    @property
    def average_order_value(self) -> Decimal:
        """`total_revenue` divided by `total_orders`, rounded half up; 0 without orders."""
        return average_of(self.total_revenue, self.total_orders, self.currency)


def summary_of(project: Project, period: Period) -> Summary:
    """Return the figures of the project's orders in the period, in one statement.

    It reads one index (`order_by_project_date`) and no row of the table.
    """
    groups = (
        Order.objects.filter(project=project)
        .placed_within(period)
        .order_by()
        .values("status", "currency", "is_test")
        .annotate(orders=Count("*"), amount=SumOfAmounts("total_price"))
    )
    by_status: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    earned: dict[str, Decimal] = {}
    for group in groups:
        status, currency = group["status"], group["currency"]
        by_status[status] += group["orders"]
        if status not in NOT_COUNTED:
            counted[currency] += group["orders"]
        if status in EARNING and not group["is_test"]:
            earned[currency] = earned.get(currency, ZERO) + group["amount"]
    by_currency = {
        currency: Sales(currency, orders, as_written(earned.get(currency, ZERO), currency))
        for currency, orders in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    }
    currency = project.currency
    if by_currency and currency not in by_currency:
        currency = next(iter(by_currency))
    main = by_currency.get(currency, Sales(currency, 0, as_written(ZERO, currency)))
    return Summary(
        period=period,
        orders_by_status={str(each): by_status[each] for each in Status if each in by_status},
        total_orders=counted.total(),
        currency=currency,
        total_revenue=main.total_revenue,
        by_currency=by_currency,
    )


def average_of(amount: Decimal, count: int, currency: str) -> Decimal:
    """Divide, and round half up to the decimals that we write; 0 if `count` is 0."""
    smallest = Decimal(1).scaleb(-written_decimals_of(currency))
    return (amount / count if count else ZERO).quantize(smallest, ROUND_HALF_UP)
