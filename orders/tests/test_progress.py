"""How fast orders get through: every figure of random histories, compared with a plain loop."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import make_user
from orderchainer.core.days import Stretch
from orderchainer.core.db.durations import Spread
from orders import figures
from orders.lifecycle import EventType, Status
from orders.models import Order, OrderDependency
from orders.stream.models import Event, EventDelivery
from orders.stream.recording import event
from orders.tests.test_history import about, percentile

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, 5, tzinfo=UTC)
SPAN = Stretch(START, START + timedelta(days=10), ZoneInfo("America/New_York"))
DONE = {"fulfilled", "completed"}
# From before the span until after it.
SECONDS = st.integers(-200_000, 1_000_000) | st.sampled_from([-1, 0, 863_999, 864_000])
STATES = ["pending", "sent", "failed", "dropped"]


@dataclass(frozen=True)
class Step:
    """Something that happened to an order, some seconds after what happened before."""

    type: EventType
    after: int
    status: str
    blocked_by: str
    deliveries: tuple[tuple[str, int, int | None], ...]


@dataclass(frozen=True)
class Placed:
    """An order of a history. It waits for some of the orders before it, by their places."""

    seconds: int
    status: str
    is_test: bool
    changed_after: int
    fulfilled_after: int | None
    waits_for: frozenset[int]
    steps: tuple[Step, ...]


STEPS = st.builds(
    Step,
    type=st.sampled_from(
        [EventType.STATUS_CHANGED, EventType.STATUS_CHANGED, EventType.READY, EventType.BLOCKED]
    ),
    after=st.integers(0, 90_000),
    status=st.sampled_from(Status.values),
    blocked_by=st.sampled_from(["", "failed", "cancelled"]),
    deliveries=st.lists(
        st.tuples(st.sampled_from(STATES), SECONDS, st.none() | st.integers(0, 5000)), max_size=2
    ).map(tuple),
)
ORDERS = st.lists(
    st.builds(
        Placed,
        seconds=SECONDS,
        status=st.sampled_from([*Status.values, "completed", "completed", "fulfilled"]),
        is_test=st.sampled_from([False, False, False, True]),
        changed_after=st.integers(0, 500_000),
        fulfilled_after=st.none() | st.integers(0, 500_000),
        waits_for=st.frozensets(st.integers(0, 8), max_size=3),
        steps=st.lists(STEPS, max_size=5).map(tuple),
    ),
    max_size=9,
)


@pytest.fixture
def ada() -> User:
    return make_user()


@pytest.mark.slow
@given(placed=ORDERS)
@settings(
    max_examples=40,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_figure_of_progress_is_that_of_a_plain_loop(
    ada: User, placed: Sequence[Placed]
) -> None:
    with transaction.atomic():
        project = create_project(owner=ada, name="My Store")
        orders = store(project, ada, placed)
        compare_statuses(project, orders)
        compare_waits(project, orders)
        compare_deliveries(project)
        compare_chains(project, orders)
        transaction.set_rollback(True)


def store(project: Project, owner: User, placed: Sequence[Placed]) -> list[Order]:
    orders = Order.objects.bulk_create(
        Order(
            owner=owner,
            project=project,
            title="An order",
            status=each.status,
            is_test=each.is_test,
            ordered_at=(at := START + timedelta(seconds=each.seconds)),
            status_changed_at=at + timedelta(seconds=each.changed_after),
            fulfilled_at=None
            if each.fulfilled_after is None
            else at + timedelta(seconds=each.fulfilled_after),
        )
        for each in placed
    )
    OrderDependency.objects.bulk_create(
        OrderDependency(order=order, depends_on=orders[place])
        for number, (order, each) in enumerate(zip(orders, placed, strict=True))
        for place in each.waits_for
        if place < number
    )
    for order, each in zip(orders, placed, strict=True):
        for happened, deliveries in history_of(order, each):
            happened.save()
            EventDelivery.objects.bulk_create(
                EventDelivery(
                    event=happened,
                    subject_uuid=order.uuid,
                    subscriber="discord",
                    target=str(number),
                    state=state,
                    created_at=START + timedelta(seconds=seconds),
                    finished_at=None
                    if took is None
                    else happened.created_at + timedelta(seconds=took),
                )
                for number, (state, seconds, took) in enumerate(deliveries)
            )
    return orders


def history_of(
    order: Order, placed: Placed
) -> Iterator[tuple[Event, tuple[tuple[str, int, int | None], ...]]]:
    """Yield the order's events, each with its deliveries."""
    moment = order.ordered_at
    made = event(EventType.CREATED, order)
    made.data["status"], made.created_at = "pending", moment
    yield made, ()
    for step in placed.steps:
        moment += timedelta(seconds=step.after)
        cause = {"status": step.blocked_by} if step.blocked_by else {}
        happened = event(step.type, order, cause=cause)
        happened.data["status"], happened.created_at = step.status, moment
        yield happened, step.deliveries


def of_span(orders: Sequence[Order]) -> list[Order]:
    """Keep the orders that were placed in the span, without drafts and tests."""
    return [
        order
        for order in orders
        if SPAN.start <= order.ordered_at < SPAN.end
        and order.status != "draft"
        and not order.is_test
    ]


def events_of(order: Order, *types: EventType) -> list[Event]:
    return [each for each in order.events.order_by("id") if each.type in types]


def compare_statuses(project: Project, orders: Sequence[Order]) -> None:
    stays: dict[str, list[float]] = defaultdict(list)
    for order in of_span(orders):
        events = events_of(order, EventType.CREATED, EventType.STATUS_CHANGED)
        for each, following in pairwise(events):
            stays[each.data["status"]].append(seconds_between(each, following))

    found = figures.times_by_status(project, SPAN)

    assert found.keys() == stays.keys()
    for status, spread in found.items():
        require_spread(spread, stays[status])


def compare_waits(project: Project, orders: Sequence[Order]) -> None:
    waits, blocked = [], Counter[str]()
    for order in of_span(orders):
        made, *ready = events_of(order, EventType.CREATED, EventType.READY)
        if ready:
            waits.append(seconds_between(made, ready[0]))
        for each in events_of(order, EventType.BLOCKED):
            blocked[each.data["cause"].get("status", "taken_back")] += 1

    found = figures.waiting_of(project, SPAN)

    require_spread(found.times, waits)
    assert found.blocked == blocked


def compare_deliveries(project: Project) -> None:
    made = [
        each
        for each in EventDelivery.objects.filter(event__project_id=project.pk)
        if SPAN.start <= each.created_at < SPAN.end
    ]

    found = figures.deliveries_of(project, SPAN)

    assert found.by_state == Counter(each.state for each in made)
    assert found.total == len(made)
    require_spread(
        found.times,
        [
            (each.finished_at - each.event.created_at).total_seconds()
            for each in made
            if each.state == "sent" and each.finished_at is not None
        ],
    )


def compare_chains(project: Project, orders: Sequence[Order]) -> None:
    waits_for: dict[int, list[Order]] = {
        order.pk: list(order.dependencies.order_by("pk")) for order in orders
    }
    awaited = {each.pk for waited in waits_for.values() for each in waited}

    def end(order: Order) -> datetime:
        return order.fulfilled_at or order.status_changed_at

    def length(order: Order) -> int:
        return 1 + max((length(each) for each in waits_for[order.pk]), default=0)

    def beginning(order: Order) -> datetime:
        """Return when the first order of the critical path was placed."""
        waited = waits_for[order.pk]
        if not waited:
            return order.ordered_at
        return beginning(max(waited, key=lambda each: (end(each), each.pk)))

    finals = [
        order
        for order in orders
        if order.status in DONE
        and not order.is_test
        and SPAN.start <= end(order) < SPAN.end
        and waits_for[order.pk]
        and order.pk not in awaited
    ]

    found = figures.chains_of(project, SPAN)

    assert found.completed == figures.completed_chains(project, SPAN) == len(finals)
    assert found.longest == max(map(length, finals), default=0)
    require_spread(found.lengths, [length(order) for order in finals])
    require_spread(
        found.times, [(end(order) - beginning(order)).total_seconds() for order in finals]
    )


def seconds_between(earlier: Event, later: Event) -> float:
    return (later.created_at - earlier.created_at).total_seconds()


def require_spread(spread: Spread, values: Sequence[float]) -> None:
    average: Any = about(sum(values) / len(values) if values else None)
    assert (spread.count, spread.average) == (len(values), average)
    assert (spread.p50, spread.p90) == (
        about(percentile(values, 0.5)), about(percentile(values, 0.9))
    )  # fmt: skip
