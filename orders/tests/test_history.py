"""Every figure of random histories, compared with a plain loop over the rows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import make_user
from orderchainer.core.days import Stretch, before, days_of, is_whole_days, start_of
from orders import figures
from orders.lifecycle import Status
from orders.models import Order, OrderDependency, OrderItem

pytestmark = pytest.mark.django_db

# The clocks of each change near noon of this day in UTC, or there is no midnight on it.
CHANGES = [
    ("UTC", date(2026, 11, 19)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("America/Havana", date(2026, 3, 8)),
    ("Pacific/Kiritimati", date(2026, 1, 1)),
]
EARNS = {"pending", "active", "shipped", "fulfilled", "completed"}


@dataclass(frozen=True)
class Placed:
    """An order of a history."""

    seconds: int
    micros: int
    status: str
    cents: int
    currency: str
    provider: str
    is_test: bool
    buyer: str
    items: tuple[tuple[str, int, int], ...]
    done_after: int


ORDERS = st.lists(
    st.builds(
        Placed,
        # Up to nine days around the day of the change, and often right beside a midnight.
        seconds=st.integers(-800_000, 800_000)
        | st.sampled_from([hours * 3600 + off for hours in range(-48, 49) for off in (-1, 0)]),
        micros=st.sampled_from([0, 0, 1, 499_999, 999_600, 999_999]),
        status=st.sampled_from(Status.values),
        cents=st.integers(0, 10**7) | st.sampled_from([0, 10**12 - 1]),
        currency=st.sampled_from(["USD", "USD", "EUR", "JPY", "KWD"]),
        provider=st.sampled_from(Order.Provider.values),
        is_test=st.sampled_from([False, False, False, True]),
        buyer=st.sampled_from(
            ["", "ada@example.com", "Ada@example.com", "+1 555 0001", "bob@b.io"]
        ),
        items=st.lists(
            st.tuples(st.sampled_from(["A", "B", ""]), st.integers(0, 99_999), st.integers(1, 9)),
            max_size=3,
        ).map(tuple),
        done_after=st.integers(-10, 900_000),
    ),
    max_size=25,
)


@pytest.fixture
def ada() -> User:
    return make_user()


@pytest.mark.slow
@given(change=st.sampled_from(CHANGES), placed=ORDERS, bounds=st.data())
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_figure_is_that_of_a_plain_loop(
    ada: User, change: tuple[str, date], placed: Sequence[Placed], bounds: Any
) -> None:
    zone_name, day = change
    zone = ZoneInfo(zone_name)
    first = day + timedelta(days=bounds.draw(st.integers(-4, 0)))
    last = day + timedelta(days=bounds.draw(st.integers(0, 4)))
    span = Stretch(start_of(first, zone), start_of(last + timedelta(days=1), zone), zone)
    with transaction.atomic():
        project = create_project(owner=ada, name="My Store", timezone=zone_name)
        orders = store(project, ada, placed, day)
        _compare(project, span, orders)
        transaction.set_rollback(True)


def store(project: Project, owner: User, placed: Iterable[Placed], day: date) -> list[Order]:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    orders = Order.objects.bulk_create(
        Order(
            owner=owner,
            project=project,
            title="An order",
            status=each.status,
            total_price=Decimal(each.cents).scaleb(-2),
            currency=each.currency,
            provider=each.provider,
            is_test=each.is_test,
            customer_email=each.buyer if "@" in each.buyer else "",
            customer_phone="" if "@" in each.buyer else each.buyer,
            customer_name="Ada" if each.buyer else "",
            ordered_at=(at := noon + timedelta(seconds=each.seconds, microseconds=each.micros)),
            status_changed_at=at + timedelta(seconds=each.done_after),
        )
        for each in placed
    )
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            sku=sku,
            name=sku or "Something",
            unit_price=Decimal(cents).scaleb(-2),
            quantity=quantity,
        )
        for order, each in zip(orders, placed, strict=True)
        for sku, cents, quantity in each.items
    )
    # Each order but the first waits for the one before it, in pairs.
    OrderDependency.objects.bulk_create(
        OrderDependency(order=later, depends_on=earlier)
        for earlier, later in zip(orders[::2], orders[1::2], strict=False)
    )
    return orders


def _compare(project: Project, span: Stretch, orders: Sequence[Order]) -> None:
    zone = span.zone
    there = [order for order in orders if span.start <= order.ordered_at < span.end]
    breakdown = figures.breakdown_of(project, span)
    summary = breakdown.summary
    currency = summary.currency

    # The parts are those of a loop, and statistics are the whole.
    assert summary == figures.summary_of(project, span)
    assert [(each.day, each.total_orders, each.total_revenue) for each in breakdown.by_day] == [
        (day, *counted([o for o in there if day_of(o, zone) == day], currency))
        for day in days_of(span)
    ]
    assert {
        name: (part.total_orders, part.total_revenue)
        for name, part in breakdown.by_provider.items()
    } == {
        name: counted([o for o in there if o.provider == name], currency)
        for name in {o.provider for o in there}
    }
    # Everything adds up.
    assert (summary.total_orders, summary.total_revenue) == counted(there, currency)
    for parts in (breakdown.by_day, list(breakdown.by_provider.values())):
        assert sum(part.total_orders for part in parts) == summary.total_orders
        assert sum((part.total_revenue for part in parts), Decimal(0)) == summary.total_revenue
    drafts = summary.orders_by_status.get("draft", 0)
    assert sum(summary.orders_by_status.values()) == summary.total_orders + drafts == len(there)
    assert sum(each.total_orders for each in summary.by_currency.values()) == summary.total_orders
    # Each day by itself is a statistic of that day.
    for day in breakdown.by_day:
        alone = Stretch(start_of(day.day, zone), start_of(day.day + timedelta(days=1), zone), zone)
        part = figures.summary_of(project, alone)
        in_currency = part.by_currency.get(currency)
        revenue = in_currency.total_revenue if in_currency else Decimal(0)
        assert (part.total_orders, revenue) == (day.total_orders, day.total_revenue)

    _compare_averages(breakdown, orders, zone, currency)
    _compare_hours(project, span, there, summary)
    _compare_products(project, span, there, currency)
    _compare_customers(project, span, orders, currency)
    _compare_progress(project, span, orders)


def _compare_averages(
    breakdown: figures.Breakdown, orders: Sequence[Order], zone: ZoneInfo, currency: str
) -> None:
    smallest = Decimal("0.001") if currency == "KWD" else Decimal("0.01")
    for day in breakdown.by_day:
        week = [o for o in orders if day.day - timedelta(days=7) < day_of(o, zone) <= day.day]
        count, revenue = counted(week, currency)
        assert day.average_orders == (Decimal(count) / 7).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert day.average_revenue == (revenue / 7).quantize(smallest, ROUND_HALF_UP)


def _compare_hours(
    project: Project, span: Stretch, there: Sequence[Order], summary: figures.Summary
) -> None:
    currency = summary.currency
    hours = figures.by_hour_of_week(project, span, currency=currency)

    def hour_of_week(order: Order) -> int:
        local = order.ordered_at.astimezone(span.zone)
        return local.weekday() * 24 + local.hour

    assert [(part.total_orders, part.total_revenue) for part in hours] == [
        counted([o for o in there if hour_of_week(o) == hour], currency) for hour in range(168)
    ]
    for parts in (figures.by_weekday(hours), figures.by_hour(hours)):
        assert sum(part.total_orders for part in parts) == summary.total_orders
        assert sum((part.total_revenue for part in parts), Decimal(0)) == summary.total_revenue


def _compare_products(
    project: Project, span: Stretch, there: Sequence[Order], currency: str
) -> None:
    revenue: dict[str, Decimal] = defaultdict(Decimal)
    pieces: Counter[str] = Counter()
    for order in there:
        if earns(order) and order.currency == currency:
            for item in order.items.all():
                revenue[item.sku or item.name] += item.unit_price * item.quantity
                pieces[item.sku or item.name] += item.quantity

    found = figures.top_products(project, span, currency=currency)

    assert {each.sku or each.name: (each.revenue, each.quantity) for each in found} == {
        key: (revenue[key], pieces[key]) for key in revenue
    }
    assert [each.revenue for each in found] == sorted(revenue.values(), reverse=True)


def _compare_customers(
    project: Project, span: Stretch, orders: Sequence[Order], currency: str
) -> None:
    first: dict[str, datetime] = {}
    revenue: dict[str, Decimal] = {}
    count: Counter[str] = Counter()
    for order in orders:
        who = order.customer_email.lower() or order.customer_phone
        if not who or order.status == "draft":
            continue
        first[who] = min(first.get(who, order.ordered_at), order.ordered_at)
        if span.start <= order.ordered_at < span.end:
            count[who] += 1
            earned = order.total_price if earns(order) and order.currency == currency else 0
            revenue[who] = revenue.get(who, Decimal(0)) + earned

    customers = figures.customers_of(project, span, currency=currency)
    best = customers.best

    assert customers.new == sum(first[who] >= span.start for who in revenue)
    assert customers.returning == sum(first[who] < span.start for who in revenue)
    assert [each.total_revenue for each in best] == sorted(revenue.values(), reverse=True)
    assert {each.email.lower() or each.phone: each.total_orders for each in best} == count


def _compare_progress(project: Project, span: Stretch, orders: Sequence[Order]) -> None:
    done = [o for o in orders if o.status in {"fulfilled", "completed"} and not o.is_test]
    leads = [
        (o.status_changed_at - o.ordered_at).total_seconds()
        for o in done
        if span.start <= o.ordered_at < span.end and o.status_changed_at >= o.ordered_at
    ]
    finished = [o for o in done if span.start <= o.status_changed_at < span.end]
    by_day = Counter(o.status_changed_at.astimezone(span.zone).date() for o in finished)

    spread = figures.lead_times(project, span)
    assert (spread.count, spread.p50, spread.p90) == (
        len(leads), about(percentile(leads, 0.5)), about(percentile(leads, 0.9))
    )  # fmt: skip
    assert [each.done for each in figures.throughput_of(project, span)] == [
        by_day[day] for day in days_of(span)
    ]
    waited = {edge.order_id for edge in OrderDependency.objects.filter(order__in=orders)}
    assert figures.completed_chains(project, span) == sum(o.pk in waited for o in finished)
    chains = figures.chains_of(project, span)
    assert (chains.completed, chains.longest) == (
        sum(o.pk in waited for o in finished),
        2 if any(o.pk in waited for o in finished) else 0,
    )


def counted(orders: Iterable[Order], currency: str) -> tuple[int, Decimal]:
    """Return how many of these orders count, and what they earned in `currency`."""
    orders = list(orders)
    return (
        sum(order.status != "draft" for order in orders),
        sum((o.total_price for o in orders if earns(o) and o.currency == currency), Decimal(0)),
    )


def earns(order: Order) -> bool:
    return order.status in EARNS and not order.is_test


def day_of(order: Order, zone: ZoneInfo) -> date:
    return order.ordered_at.astimezone(zone).date()


def percentile(values: Sequence[float], part: float) -> float | None:
    """Return a percentile, interpolated between the two nearest values."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * part
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def about(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, abs=0.01)


# --- the spans --------------------------------------------------------------------------------


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_the_span_before_whole_days_has_as_many_whole_days(zone: str, day: date) -> None:
    there = ZoneInfo(zone)
    span = Stretch(start_of(day, there), start_of(day + timedelta(days=7), there), there)

    earlier = before(span)

    assert is_whole_days(earlier)
    assert (earlier.first, earlier.last) == (day - timedelta(days=7), day - timedelta(days=1))
    assert earlier.end == span.start


def test_the_span_before_parts_of_days_is_as_long() -> None:
    zone = ZoneInfo("America/New_York")
    start = datetime(2025, 1, 1, tzinfo=UTC)
    span = Stretch(start, start + timedelta(days=31), zone)

    assert before(span) == Stretch(start - timedelta(days=31), start, zone)
