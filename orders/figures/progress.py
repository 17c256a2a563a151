"""How fast orders get through: lead times, time in each status, waiting, and what got done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import (
    Case,
    Count,
    F,
    FloatField,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Lead

from accounts.models import Project
from orderchainer.core.days import Span, days_of
from orderchainer.core.db.durations import SecondsBetween, Spread, spread_in, spread_of, spreads_of
from orderchainer.core.db.local_time import LocalDate
from orders.figures.chains import DONE_AT, done_in
from orders.figures.selecting import EVERYTHING, Selection, placed_in
from orders.figures.summaries import NOT_COUNTED
from orders.lifecycle import DONE, EventType, Status
from orders.models import Order, OrderQuerySet
from orders.stream.models import Event

# Why an order is blocked if the order that it waited for was done, and then was not.
TAKEN_BACK = "taken_back"
# How many orders tell how long work takes: enough for percentiles, and none of long ago.
MAX_WORKED = 200


@dataclass(frozen=True)
class Throughput:
    """How many orders were placed on a day, and how many got done on it."""

    day: date
    placed: int
    done: int


@dataclass(frozen=True)
class Waiting:
    """How long orders waited for others, in seconds, and what held orders up.

    `blocked` counts how often an order was blocked: by the status of the order that blocked it, or
    under `TAKEN_BACK`.
    """

    times: Spread
    blocked: Mapping[str, int]


def lead_times(project: Project, span: Span, selection: Selection = EVERYTHING) -> Spread:
    """Return how long the orders that were placed in the span took until they were done.

    Orders that are not done are left out, and so are tests and orders that were done before they
    were placed. One statement.
    """
    done = _real(placed_in(project, span, selection)).filter(status__in=DONE)
    timed = done.annotate(done_at=DONE_AT).filter(done_at__gte=F("ordered_at"))
    return spread_of(
        timed.annotate(seconds=SecondsBetween("ordered_at", "done_at")).values("seconds")
    )


def times_by_status(
    project: Project, span: Span, selection: Selection = EVERYTHING
) -> Mapping[str, Spread]:
    """Return how long orders that were placed in the span had each status before they left it.

    It counts from when this service knew of the order. One statement.
    """
    stays = _history(project, span, selection, EventType.CREATED, EventType.STATUS_CHANGED)
    ended = (
        stays.annotate(
            status=KeyTextTransform("status", "data"),
            until=Window(Lead("created_at"), F("order_id"), "id"),
        )
        .filter(until__isnull=False)
        .annotate(seconds=SecondsBetween("created_at", "until"))
        .values("status", "seconds")
    )
    found = spreads_of(ended, by=["status"])
    return {str(status): found[status,] for status in Status if (status,) in found}


def working_times(project: Project) -> Spread:
    """Return how long orders took from when they became active for the last time until done.

    It looks at the `MAX_WORKED` orders that got done last, in one statement. Tests are left out,
    and so are orders that never were active.
    """
    begun = (
        Event.objects.filter(
            order=OuterRef("pk"),
            type__in=[EventType.CREATED, EventType.STATUS_CHANGED],
            data__status=str(Status.ACTIVE),
        )
        .order_by("-id")
        .values("created_at")
    )
    done = Order.objects.filter(project=project, status__in=DONE, is_test=False)
    newest = done.annotate(done_at=DONE_AT).order_by("-done_at", "-pk")[:MAX_WORKED]
    times = newest.annotate(seconds=SecondsBetween(Subquery(begun[:1]), "done_at"))
    found = times.values_list("seconds", flat=True)
    return spread_in([seconds for seconds in found if seconds is not None and seconds >= 0])


def waiting_of(project: Project, span: Span, selection: Selection = EVERYTHING) -> Waiting:
    """Return how the orders that were placed in the span waited for others, in two statements."""
    moments = _history(project, span, selection, EventType.CREATED, EventType.READY)
    # Other moments have no seconds, so they do not count. If we left them out here, Django would do
    # so before the window sees them.
    seconds = Case(
        When(type=EventType.CREATED, then=SecondsBetween("created_at", "until")),
        output_field=FloatField(),
    )
    waits = (
        moments.annotate(until=Window(Lead("created_at"), F("order_id"), "id"))
        .annotate(seconds=seconds)
        .values("seconds")
    )
    # Without a status, a source took back what was done.
    cause = KeyTextTransform("status", KeyTextTransform("cause", "data"))
    why = Coalesce(cause, Value(TAKEN_BACK), output_field=TextField())
    causes = (
        _history(project, span, selection, EventType.BLOCKED)
        .values(why=why)
        .annotate(times=Count("*"))
        .order_by("why")
    )
    blocked = {row["why"]: row["times"] for row in causes}
    return Waiting(spread_of(waits), blocked)


def throughput_of(
    project: Project, span: Span, selection: Selection = EVERYTHING
) -> Sequence[Throughput]:
    """Return how many orders were placed and got done on each day, in two statements."""
    placed = _by_day(_real(placed_in(project, span, selection)), "ordered_at", span)
    done = _by_day(done_in(project, span, selection), "done_at", span)
    return [Throughput(day, placed.get(day, 0), done.get(day, 0)) for day in days_of(span)]


def _real(orders: OrderQuerySet) -> OrderQuerySet:
    return orders.exclude(status__in=NOT_COUNTED).filter(is_test=False)


def _by_day(orders: OrderQuerySet, moment: str, span: Span) -> Mapping[date, int]:
    days = orders.values(day=LocalDate(moment, span)).annotate(orders=Count("*"))
    return {row["day"]: row["orders"] for row in days}


def _history(
    project: Project, span: Span, selection: Selection, *types: EventType
) -> QuerySet[Event, Any]:
    orders = _real(placed_in(project, span, selection))
    return Event.objects.filter(type__in=types, order__in=orders).order_by()
