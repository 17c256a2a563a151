"""Races on chains, orders and the stream, on PostgreSQL, with and without each lock."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.tests.factories import make_user
from orderchainer.testing.races import Meeting, on_postgresql, race
from orders.errors import (
    DependencyCycle,
    MoveRefused,
    OrderHasDependents,
    UnknownDependencies,
)
from orders.models import Order, OrderDependency
from orders.queries import row_for
from orders.services import (
    create_order,
    delete_order,
    move_order,
    update_order,
    waive_dependency,
)
from orders.stream import relay
from orders.stream.models import Event, EventStream
from orders.stream.queries import stream_after, stream_head
from orders.tests.factories import make_order

pytestmark = [
    pytest.mark.services,
    on_postgresql,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


def kinds(outcomes: Iterable[object]) -> list[str]:
    return sorted(type(outcome).__name__ for outcome in outcomes)


def unlocked(ids: Iterable[int]) -> dict[int, Order]:
    """Read as `lock_orders` does, without its lock."""
    return Order.objects.in_bulk(list(ids))


# --- two edges that close a cycle together ----------------------------------------------------


def closing_edges(ada: User) -> tuple[Callable[[], Order], Callable[[], Order]]:
    """Return two updates that share no order but close a cycle together.

    b waits for a, and d for c. The updates make a wait for d, and c for b.
    """
    a, c = make_order(ada), make_order(ada)
    b, d = make_order(ada, a), make_order(ada, c)
    return (
        lambda: update_order(order_id=a.pk, by=ada, fields={}, dependencies=[d.pk]),
        lambda: update_order(order_id=c.pk, by=ada, fields={}, dependencies=[b.pk]),
    )


def test_one_of_two_edges_that_close_a_cycle_together_is_refused(ada: User) -> None:
    outcomes = race(*closing_edges(ada), meeting=Meeting('INSERT INTO "orders_orderdependency"'))

    assert kinds(outcomes) == ["DependencyCycle", "Order"]
    assert OrderDependency.objects.count() == 3
    refusal = next(outcome for outcome in outcomes if isinstance(outcome, DependencyCycle))
    assert len(refusal.data["cycle"]) == 4  # type: ignore[arg-type]


def test_without_the_graph_lock_the_cycle_closes(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: locking the rows of the two edges is not enough."""
    monkeypatch.setattr("orders.services.locking.lock_graph", lambda: None)

    outcomes = race(
        *closing_edges(ada), meeting=Meeting.of_all('INSERT INTO "orders_orderdependency"')
    )

    assert kinds(outcomes) == ["Order", "Order"]
    assert OrderDependency.objects.count() == 4


def test_one_of_two_opposite_edges_is_refused(ada: User) -> None:
    a, b = make_order(ada), make_order(ada)

    outcomes = race(
        lambda: update_order(order_id=a.pk, by=ada, fields={}, dependencies=[b.pk]),
        lambda: update_order(order_id=b.pk, by=ada, fields={}, dependencies=[a.pk]),
        meeting=Meeting('INSERT INTO "orders_orderdependency"'),
    )

    assert kinds(outcomes) == ["DependencyCycle", "Order"]


# --- one order moved twice --------------------------------------------------------------------


def two_ends(ada: User) -> tuple[Order, Callable[[], Order], Callable[[], Order]]:
    order = make_order(ada)
    return (
        order,
        lambda: move_order(order_id=order.pk, status="completed", by=ada),
        lambda: move_order(order_id=order.pk, status="cancelled", by=ada),
    )


def moves_of(order: Order) -> int:
    return Event.objects.filter(order=order, type="order_status_changed").count()


def test_an_order_that_is_moved_twice_at_once_moves_once(ada: User) -> None:
    order, complete, cancel = two_ends(ada)

    outcomes = race(complete, cancel, meeting=Meeting('UPDATE "orders_order"'))

    assert kinds(outcomes) == ["MoveRefused", "Order"]
    assert moves_of(order) == 1
    refusal = next(outcome for outcome in outcomes if isinstance(outcome, MoveRefused))
    assert refusal.data["open_moves"] == []


def test_without_the_row_lock_an_order_ends_twice(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: both see a pending order, and both move it."""
    monkeypatch.setattr("orders.services.locking.lock_orders", unlocked)
    order, complete, cancel = two_ends(ada)

    outcomes = race(complete, cancel, meeting=Meeting.of_all('UPDATE "orders_order"'))

    assert kinds(outcomes) == ["Order", "Order"]
    assert moves_of(order) == 2


# --- deletion against a new dependency --------------------------------------------------------


def wait_for_what_goes(ada: User) -> tuple[Callable[[], Any], Callable[[], Any]]:
    order = make_order(ada)
    return (
        lambda: delete_order(order_id=order.pk, by=ada),
        lambda: create_order(by=ada, fields={"title": "Waits"}, dependencies=[order.pk]),
    )


def test_an_order_is_either_deleted_or_gets_a_dependent(ada: User) -> None:
    seen = set()
    for _ in range(10):
        delete, wait = race(*wait_for_what_goes(ada))
        seen.add((type(delete), type(wait)))
    assert seen <= {
        (type(None), UnknownDependencies),
        (OrderHasDependents, Order),
    }
    assert not OrderDependency.objects.exclude(depends_on__in=Order.objects.values("pk")).exists()


def test_without_the_row_locks_one_of_them_crashes(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: only the foreign key stops it, without a message."""
    monkeypatch.setattr("orders.services.locking.lock_orders", unlocked)
    monkeypatch.setattr("orders.services.placing.lock_orders", unlocked)

    # Both have checked, and neither check found a reason to refuse.
    outcomes = race(*wait_for_what_goes(ada), meeting=Meeting.of_all('INSERT INTO "orders_event"'))

    assert any(isinstance(outcome, IntegrityError) for outcome in outcomes)


# --- a retry against an edit of what failed along ----------------------------------------------


def test_an_order_edited_during_a_retry_comes_back_before_the_edit_or_not_at_all(
    ada: User,
) -> None:
    for _ in range(10):
        first = make_order(ada)
        second = make_order(ada, first, failure_policy="fail")
        move_order(order_id=first.pk, status="failed", by=ada)

        race(
            partial(move_order, order_id=first.pk, status="pending", by=ada),
            partial(update_order, order_id=second.pk, by=ada, fields={"notes": "Mine"}),
        )

        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.status, second.notes) == ("pending", "Mine")
        assert second.status in {"pending", "failed"}
        assert second.failed_along_with is None


# --- two who waive the same dependency --------------------------------------------------------


def test_two_waivers_of_the_same_dependency_leave_one_waiver_and_one_event(
    ada: User,
) -> None:
    first = make_order(ada)
    second = make_order(ada, first, auto_activate=True)

    race(
        *(
            partial(
                waive_dependency,
                order_id=second.pk,
                dependency_id=first.pk,
                reason=reason,
                by=ada,
            )
            for reason in ("One.", "Another.")
        )
    )

    told = Event.objects.filter(order=second).values_list("type", flat=True)
    assert list(told.order_by("pk")) == [
        "order_created",
        "order_dependency_waived",
        "order_ready",
        "order_status_changed",
    ]


# --- a new dependent against the end of the wait ----------------------------------------------


def wait_for_what_completes(
    ada: User,
) -> tuple[Callable[[], Order], Callable[[], Order]]:
    order = make_order(ada)
    return (
        lambda: create_order(
            by=ada,
            fields={"title": "Waits", "auto_activate": True},
            dependencies=[order.pk],
        ),
        lambda: move_order(order_id=order.pk, status="completed", by=ada),
    )


def test_a_dependent_added_while_the_wait_ends_is_woken(ada: User) -> None:
    for _ in range(10):
        outcomes = race(*wait_for_what_completes(ada))
        assert kinds(outcomes) == ["Order", "Order"]

    waiting = Order.objects.filter(title="Waits")
    assert list(waiting.values_list("status", flat=True)) == ["active"] * 10
    assert Event.objects.filter(type="order_ready").count() == 10


def test_without_the_lock_on_dependencies_a_wake_up_is_lost(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: one saw an open dependency, the other saw no dependents."""
    monkeypatch.setattr("orders.services.placing.lock_orders", unlocked)

    race(
        *wait_for_what_completes(ada),
        meeting=Meeting.of_all('INSERT INTO "orders_event"'),
    )

    waiting = Order.objects.get(title="Waits")
    assert waiting.status == "pending"
    assert row_for(ada, waiting.pk)["ready"] is True
    assert not Event.objects.filter(type="order_ready").exists()


# --- the stream -------------------------------------------------------------------------------


def test_two_relays_at_once_leave_no_gap_and_no_duplicate(ada: User) -> None:
    for _ in range(20):
        make_order(ada)

    outcomes = race(
        relay.relay_events,
        relay.relay_events,
        meeting=Meeting("UPDATE orders_event"),
    )

    assert [type(outcome) for outcome in outcomes] == [relay.Relayed, relay.Relayed]
    assert [event.position for event in stream_after(0, limit=100)] == list(range(1, 21))
    assert stream_head() == 20


def test_without_the_stream_lock_two_relays_collide(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: both start from the same head."""
    make_order(ada)
    relay.relay_events()
    monkeypatch.setattr("orders.stream.relay.lock_stream", lambda: EventStream.objects.get(pk=1))
    for _ in range(20):
        make_order(ada)

    outcomes = race(
        relay.relay_events,
        relay.relay_events,
        meeting=Meeting('UPDATE "orders_eventstream"', patience_seconds=2),
    )
    # The stream looks whole, and every event was handed out twice.
    assert outcomes == [relay.Relayed(20, []), relay.Relayed(20, [])]


def test_an_event_that_commits_late_comes_late_and_leaves_no_gap(ada: User) -> None:
    def late() -> None:
        with transaction.atomic():
            make_order(ada, title="Written first")
            # Another connection writes, commits and is relayed while this one is still open.
            race(lambda: make_order(ada, title="Written second"), relay.relay_events)
            race(relay.relay_events)

    late()
    assert [event.data["title"] for event in stream_after(0, limit=9)] == ["Written second"]

    relay.relay_events()

    events = stream_after(0, limit=9)
    assert [event.data["title"] for event in events] == [
        "Written second",
        "Written first",
    ]
    assert [event.position for event in events] == [1, 2]
    assert events[0].pk > events[1].pk


# --- all at once ------------------------------------------------------------------------------


def test_a_busy_chain_never_deadlocks(ada: User) -> None:
    first = make_order(ada)
    chain = [first]
    for _ in range(6):
        chain.append(make_order(ada, *chain[-2:], failure_policy="fail"))
    pks = [order.pk for order in chain]

    def attempt(pk: int, other: int, status: str) -> None:
        with suppress(MoveRefused):
            move_order(order_id=pk, status=status, by=ada)
        with suppress(DependencyCycle):
            update_order(order_id=pk, by=ada, fields={}, dependencies=[other])
        create_order(by=ada, fields={"title": "New"}, dependencies=[pk, other])

    def work(number: int) -> None:
        for step in range(12):
            attempt(
                pks[(number * 5 + step * 3) % len(pks)],
                pks[(number + step * 2) % len(pks)],
                "failed" if (number + step) % 2 else "pending",
            )

    outcomes = race(*[partial(work, number) for number in range(6)], timeout_seconds=60)

    assert outcomes == [None] * 6
