"""What orders add up to by day, by weekday and hour, and by the channel they came from."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from accounts.models import Project
from orderchainer.core.days import Span, Stretch, days_of, start_of
from orderchainer.core.db.local_time import (
    HOURS_OF_A_DAY,
    HOURS_OF_A_WEEK,
    LocalDate,
    LocalHourOfWeek,
)
from orders.figures.selecting import EVERYTHING, Selection, placed_in
from orders.figures.summaries import Summary, Tally, average_of, groups_of, summary_in

# A moving average is about this many days.
AVERAGED_DAYS = 7


@dataclass(frozen=True)
class Part:
    """The orders of a part of a period that count, and what those in its currency earned."""

    total_orders: int
    total_revenue: Decimal


@dataclass(frozen=True)
class Day(Part):
    """One day, and the average day of the seven that end with it, rounded half up."""

    day: date
    average_orders: Decimal
    average_revenue: Decimal


@dataclass(frozen=True)
class Breakdown:
    """The figures of a period, and of its parts.

    The parts of each kind add up to `summary`. Their revenue is in its currency.
    """

    summary: Summary
    by_provider: Mapping[str, Part]
    by_day: Sequence[Day]


def breakdown_of(project: Project, span: Span, selection: Selection = EVERYTHING) -> Breakdown:
    """Return the figures of the period, day by day and by provider, in two statements.

    Days without orders are there too. The second statement reads the six days before the period,
    for the averages of its first days.
    """
    whole = Tally()
    days: dict[date, Tally] = defaultdict(Tally)
    providers: dict[str, Tally] = defaultdict(Tally)
    by_day = groups_of(
        placed_in(project, span, selection), "provider", day=LocalDate("ordered_at", span)
    )
    for group in by_day.iterator():
        whole.add(group)
        days[group["day"]].add(group)
        providers[group["provider"]].add(group)
    summary = summary_in(whole, span, usual_currency=selection.currency or project.currency)
    currency = summary.currency
    parts = {
        name: _part(tally, currency)
        for name, tally in sorted(
            providers.items(), key=lambda pair: (-pair[1].total_orders, pair[0])
        )
    }
    earlier = _days_before(project, span, selection)
    series = [_part(each, currency) for each in earlier]
    series += [_part(days.get(day, _NOTHING), currency) for day in days_of(span)]
    shown = [
        _day(day, series[number : number + AVERAGED_DAYS], currency)
        for number, day in enumerate(days_of(span))
    ]
    return Breakdown(summary, parts, shown)


def by_hour_of_week(
    project: Project, span: Span, *, currency: str, selection: Selection = EVERYTHING
) -> Sequence[Part]:
    """Return the orders of each hour of the week, from Monday at 0:00, in one statement."""
    hours = [Tally() for _ in range(HOURS_OF_A_WEEK)]
    groups = groups_of(
        placed_in(project, span, selection), hour_of_week=LocalHourOfWeek("ordered_at", span)
    )
    for group in groups:
        hours[group["hour_of_week"]].add(group)
    return [_part(tally, currency) for tally in hours]


def by_weekday(hours_of_week: Sequence[Part]) -> Sequence[Part]:
    """Add up the hours of each weekday, from Monday."""
    return [
        _sum(hours_of_week[start : start + HOURS_OF_A_DAY])
        for start in range(0, HOURS_OF_A_WEEK, HOURS_OF_A_DAY)
    ]


def by_hour(hours_of_week: Sequence[Part]) -> Sequence[Part]:
    """Add up the seven days of each hour, from 0:00."""
    return [_sum(hours_of_week[hour::HOURS_OF_A_DAY]) for hour in range(HOURS_OF_A_DAY)]


_NOTHING = Tally()


def _days_before(project: Project, span: Span, selection: Selection) -> Sequence[Tally]:
    """Return the six whole days before the period, oldest first."""
    first = span.first - timedelta(days=AVERAGED_DAYS - 1)
    start, end = start_of(first, span.zone), start_of(span.first, span.zone)
    stretch = Stretch(start, end, span.zone)
    tallies = [Tally() for _ in range(AVERAGED_DAYS - 1)]
    groups = groups_of(placed_in(project, stretch, selection), day=LocalDate("ordered_at", stretch))
    for group in groups:
        tallies[(group["day"] - first).days].add(group)
    return tallies


def _part(tally: Tally, currency: str) -> Part:
    return Part(tally.total_orders, tally.revenue_in(currency))


def _sum(parts: Sequence[Part]) -> Part:
    first, *others = parts
    return Part(
        sum(part.total_orders for part in parts),
        sum((part.total_revenue for part in others), first.total_revenue),
    )


def _day(day: date, week: Sequence[Part], currency: str) -> Day:
    today, total = week[-1], _sum(week)
    return Day(
        total_orders=today.total_orders,
        total_revenue=today.total_revenue,
        day=day,
        average_orders=average_of(Decimal(total.total_orders), len(week), ""),
        average_revenue=average_of(total.total_revenue, len(week), currency),
    )
