"""What orders add up to, compared with a plain loop over them."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import make_user
from orderchainer.core.days import Period
from orderchainer.testing.processes import wait_until
from orders.figures import Summary, customers_of, summary_of
from orders.figures.chains import done_in
from orders.lifecycle import Status
from orders.models import Order

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 20)


@pytest.fixture
def ada() -> User:
    return make_user()


def project_in(zone: str, owner: User, **fields: Any) -> Project:
    return create_project(owner=owner, name="My Store", timezone=zone, **fields)


def period(project: Project, first: date = DAY, last: date = DAY) -> Period:
    return Period(first, last, project.zone)


def sold(project: Project, *orders: tuple[str, str] | tuple[str, str, str], **fields: Any) -> None:
    """Store an order for each status, total and currency, placed at noon of `DAY` in UTC."""
    owner = project.memberships.get().user
    noon = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)
    Order.objects.bulk_create(
        Order(
            **{
                "owner": owner,
                "project": project,
                "title": "An order",
                "status": status,
                "total_price": Decimal(total),
                "currency": (*currency, project.currency)[0],
                "ordered_at": noon,
                **fields,
            }
        )
        for status, total, *currency in orders
    )


# --- what counts ------------------------------------------------------------------------------


def test_nothing_sold_is_zero_in_the_projects_currency(ada: User) -> None:
    project = project_in("UTC", ada, currency="EUR")

    summary = summary_of(project, period(project))

    assert (summary.total_orders, dict(summary.orders_by_status)) == (0, {})
    assert (str(summary.total_revenue), str(summary.average_order_value)) == ("0.00", "0.00")
    assert (summary.currency, dict(summary.by_currency)) == ("EUR", {})


def test_what_was_not_placed_or_went_wrong_earns_nothing_and_is_shown(ada: User) -> None:
    project = project_in("UTC", ada)
    sold(
        project,
        ("fulfilled", "50.00"),
        ("cancelled", "70.00"),
        ("failed", "30.00"),
        ("draft", "20.00"),
    )

    summary = summary_of(project, period(project))

    assert dict(summary.orders_by_status) == {
        "draft": 1,
        "fulfilled": 1,
        "failed": 1,
        "cancelled": 1,
    }
    # Three orders count: the draft was not placed yet.
    assert summary.total_orders == 3
    assert (str(summary.total_revenue), str(summary.average_order_value)) == ("50.00", "16.67")


def test_test_orders_count_and_earn_nothing(ada: User) -> None:
    project = project_in("UTC", ada)
    sold(project, ("pending", "999.00"), is_test=True)
    sold(project, ("pending", "1.00"))

    summary = summary_of(project, period(project))

    assert (summary.total_orders, str(summary.total_revenue)) == (2, "1.00")
    assert dict(summary.orders_by_status) == {"pending": 2}


def test_currencies_are_never_added(ada: User) -> None:
    project = project_in("UTC", ada)
    sold(project, ("pending", "100", "USD"), ("pending", "10000", "JPY"), ("active", "1", "JPY"))

    summary = summary_of(project, period(project))

    assert (summary.currency, str(summary.total_revenue)) == ("USD", "100.00")
    assert summary.total_orders == 3
    assert {
        currency: (each.total_orders, str(each.total_revenue), str(each.average_order_value))
        for currency, each in summary.by_currency.items()
    } == {"JPY": (2, "10001.00", "5000.50"), "USD": (1, "100.00", "100.00")}


def test_a_project_that_never_sold_in_its_currency_is_shown_in_the_usual_one(ada: User) -> None:
    project = project_in("UTC", ada)
    sold(project, ("pending", "1", "JPY"), ("pending", "2", "EUR"), ("pending", "3", "EUR"))

    summary = summary_of(project, period(project))

    assert (summary.currency, str(summary.total_revenue)) == ("EUR", "5.00")


def test_sums_are_exact_however_large(ada: User) -> None:
    project = project_in("UTC", ada)
    sold(project, *[("pending", "9999999999.99")] * 400, *[("pending", "0.01")] * 3)
    sold(project, *[("pending", "0.001", "KWD")] * 7)

    summary = summary_of(project, period(project))

    assert str(summary.total_revenue) == "3999999999996.03"
    assert str(summary.by_currency["KWD"].total_revenue) == "0.007"


def test_an_average_is_rounded_half_up(ada: User) -> None:
    project = project_in("UTC", ada)
    sold(project, ("pending", "0.01"), ("pending", "0.00"))

    assert str(summary_of(project, period(project)).average_order_value) == "0.01"


# --- random orders ----------------------------------------------------------------------------

CLOCK_CHANGES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("America/Havana", date(2026, 3, 8)),
]


@pytest.mark.parametrize(("zone", "day"), CLOCK_CHANGES)
def test_figures_are_those_of_a_plain_loop(ada: User, zone: str, day: date) -> None:
    random = Random(f"{zone}{day}")
    project, other = project_in(zone, ada), project_in(zone, ada)
    middle = datetime(day.year, day.month, day.day, tzinfo=UTC)
    orders = [
        Order(
            owner=ada,
            project=random.choice([project] * 9 + [other]),
            title="An order",
            status=random.choice(Status.values),
            currency=random.choice(["USD", "USD", "EUR", "JPY", "KWD"]),
            total_price=Decimal(random.choice([random.randrange(10**6), 10**12 - 1])).scaleb(-2),
            is_test=random.random() < 0.1,
            ordered_at=middle + timedelta(seconds=random.randrange(-200_000, 200_000)),
        )
        for _ in range(400)
    ]
    Order.objects.bulk_create(orders)
    mine = [order for order in orders if order.project == project]
    days = [day + timedelta(days=n) for n in range(-4, 5)]

    by_day = []
    for each in days:
        with CaptureQueriesContext(connection) as queries:
            by_day.append(summary_of(project, period(project, each, each)))
        assert len(queries) == 1
        assert told(by_day[-1]) == looped(mine, ZoneInfo(zone), each, each)
    whole = summary_of(project, period(project, days[0], days[-1]))

    assert told(whole) == looped(mine, ZoneInfo(zone), days[0], days[-1])
    assert sum(map(orders_in, by_day)) == orders_in(whole) == len(mine)
    for currency, sales in whole.by_currency.items():
        parts = [each.by_currency[currency] for each in by_day if currency in each.by_currency]
        assert sum(part.total_revenue for part in parts) == sales.total_revenue


def orders_in(summary: Summary) -> int:
    return sum(summary.orders_by_status.values())


def told(summary: Summary) -> tuple[Any, ...]:
    return (
        dict(summary.orders_by_status),
        summary.total_orders,
        {
            currency: (each.total_orders, each.total_revenue, each.average_order_value)
            for currency, each in summary.by_currency.items()
        },
    )


def looped(orders: Iterable[Order], zone: ZoneInfo, first: date, last: date) -> tuple[Any, ...]:
    """Return what `told` should return, the slow way."""
    by_status: Counter[str] = Counter()
    count: Counter[str] = Counter()
    earned: dict[str, Decimal] = {}
    for order in orders:
        if not first <= order.ordered_at.astimezone(zone).date() <= last:
            continue
        by_status[order.status] += 1
        if order.status != "draft":
            count[order.currency] += 1
            earned.setdefault(order.currency, Decimal(0))
            if order.status not in {"cancelled", "failed"} and not order.is_test:
                earned[order.currency] += order.total_price
    return (
        dict(by_status),
        sum(count.values()),
        {
            currency: (
                count[currency],
                amount,
                (amount / count[currency]).quantize(
                    Decimal("0.001" if currency == "KWD" else "0.01"), ROUND_HALF_UP
                ),
            )
            for currency, amount in earned.items()
        },
    )


# --- the index --------------------------------------------------------------------------------


def test_figures_are_read_from_an_index_alone(ada: User) -> None:
    """However large the table: no row of it is read."""
    project = project_in("UTC", ada)
    sold(project, *[("pending", "1.00")] * 50)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    sold(project, *[("pending", "1.00")] * 500, ordered_at=long_ago)
    analyze()

    assert index_behind(lambda: summary_of(project, period(project))) == "order_by_project_date"


@pytest.mark.django_db(transaction=True)
def test_customers_are_read_from_an_index_alone(ada: User) -> None:
    project = project_in("UTC", ada)
    for number in range(50):
        sold(project, ("pending", "1.00"), customer_email=f"{number}@example.com")

    def read() -> None:
        customers_of(project, period(project), currency="USD")

    # SQLite never reads a computed column from an index alone.
    only = connection.vendor == "postgresql"
    if only:
        wait_until(vacuumed, within_seconds=30, what="all orders are known to be visible")
    with transaction.atomic():
        assert index_behind(read, only=only) == "order_by_customer"


def test_orders_that_got_done_are_found_by_when_they_did(ada: User) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite does not compare the index's condition with values that come later")
    project = project_in("UTC", ada)
    sold(project, *[("completed", "1.00")] * 500, status_changed_at=period(project).end)
    sold(project, ("completed", "1.00"), status_changed_at=period(project).start)
    analyze()

    def read() -> None:
        assert done_in(project, period(project)).count() == 1

    assert index_behind(read, only=False) == "order_by_done"


def test_a_customer_is_the_address_in_any_case_or_the_digits_of_the_number(ada: User) -> None:
    project = project_in("UTC", ada)
    for fields in [
        {"customer_email": "Ada@Example.com", "customer_phone": "1"},
        {"customer_email": "ada@example.com", "customer_phone": "2"},
        # Letters beyond A to Z keep their case: the databases disagree about them.
        {"customer_email": "Émile@example.com"},
        {"customer_email": "émile@example.com"},
        {"customer_phone": "+1 (555) 000-1"},
        {"phone_number": "15550001"},
        {},
    ]:
        sold(project, ("pending", "1.00"), **fields)

    customers = customers_of(project, period(project), currency="USD")

    assert (customers.new, customers.returning) == (4, 0)
    assert Counter(each.total_orders for each in customers.best) == {2: 2, 1: 2}


def analyze() -> None:
    """Let the planner know what is in the table."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_order")


def vacuumed() -> bool:
    """Vacuum the orders; tell whether PostgreSQL knows each page to be visible to everybody.

    What earlier tests have left behind must not decide: indexes keep the pages of deleted rows, and
    the planner takes the smallest one. A page that somebody reads just then waits for the next try.
    """
    with connection.cursor() as cursor:
        cursor.execute("REINDEX TABLE orders_order")
        cursor.execute("VACUUM (ANALYZE, FREEZE) orders_order")
        cursor.execute(
            "SELECT relallvisible >= relpages FROM pg_class WHERE oid = 'orders_order'::regclass"
        )
        return bool(cursor.fetchone()[0])


def index_behind(read: Callable[[], object], *, only: bool = True) -> str:
    """Return which index answers the first statement of `read`; an empty text if none does.

    With `only`, it must answer alone, without the table.
    """
    with CaptureQueriesContext(connection) as queries:
        read()
    query, *_ = queries
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A small table is faster to read as a whole.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            cursor.execute(f"EXPLAIN {query['sql']}")
            how = "Index Only Scan" if only else "Index Scan"
            found = re.search(rf"{how} using (\w+)", str(cursor.fetchall()))
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            how = "COVERING INDEX" if only else "INDEX"
            found = re.search(rf"USING {how} (\w+)", str(cursor.fetchall()))
    return found[1] if found else ""
