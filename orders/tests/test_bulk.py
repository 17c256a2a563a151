"""Changes of many orders: their sequence, refusals, repeats, and processes that die."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from time_machine import travel

from accounts.access import Role
from accounts.errors import IdempotencyKeyReused, RoleNotEnough
from accounts.services import create_project, set_member
from accounts.tests.projects import Team, make_team
from orderchainer.core.errors import Invalid
from orders.bulk import asking, tasks, working
from orders.errors import TooManyBulkChanges
from orders.lifecycle import EventType
from orders.models import BulkChange, Order
from orders.services import move_order, update_order
from orders.stream.models import Event
from orders.tests.pages.scenes import place

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return make_team()


def move(
    team: Team,
    orders: Mapping[int, int | None],
    *,
    status: str = "fulfilled",
    who: str = "agent",
    key: str = "k1",
) -> BulkChange:
    """Ask for a move and do it, as a page does."""
    change = asking.request_bulk_move(
        project=team.project,
        by=team.members[who],
        status=status,
        orders=lambda: orders,
        key=key,
        digest=f"{status} {sorted(orders)}",
    )
    asking.begin_bulk_change(change)
    change.refresh_from_db()
    return change


def unseen(*orders: Order) -> dict[int, int | None]:
    return {order.pk: None for order in orders}


def seen(*orders: Order) -> dict[int, int | None]:
    return {order.pk: Order.objects.get(pk=order.pk).version for order in orders}


def status_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).status


def moves_of(order: Order) -> int:
    return Event.objects.filter(order_id=order.pk, type=EventType.STATUS_CHANGED).count()


def test_an_order_is_moved_after_those_that_it_waits_for(team: Team) -> None:
    # The numbers go against the chain.
    last, middle, first = place(team), place(team), place(team)
    for order, awaited in ((last, middle), (middle, first)):
        order.dependency_edges.create(depends_on=awaited)

    change = move(team, unseen(last, middle, first))

    assert (change.state, change.changed, change.refused) == ("done", 3, 0)
    assert {status_of(order) for order in (last, middle, first)} == {"fulfilled"}


def test_those_that_wait_are_cancelled_before_what_they_wait_for(team: Team) -> None:
    awaited = place(team)
    waiting = place(team, awaited, failure_policy="fail")

    move(team, unseen(awaited, waiting), status="cancelled")

    # It did not fail on the way.
    assert (status_of(waiting), moves_of(waiting)) == ("cancelled", 1)


def test_each_order_is_refused_by_itself_with_its_reason(team: Team) -> None:
    blocker, done = place(team), place(team, status="active")
    blocked = place(team, blocker)
    gone, elsewhere = 10**9, place(make_second_team(team))

    change = move(team, {**unseen(done, blocked), gone: None, elsewhere.pk: None})

    assert (change.changed, change.refused, change.left) == (1, 3, 0)
    reasons = {each["order"]: each["reason"] for each in change.refusals}
    assert reasons == {
        blocked.pk: f"Order #{blocked.pk} cannot be fulfilled while it waits for #{blocker.pk}.",
        gone: "Order not found",
        elsewhere.pk: "Order not found",
    }
    assert status_of(elsewhere) == "pending"


def make_second_team(team: Team) -> Team:
    owner = team.owner
    return Team(create_project(owner=owner, name="Other"), {"owner": owner, "agent": owner})


def test_a_change_that_was_not_seen_is_refused_but_not_what_the_move_itself_brings(
    team: Team,
) -> None:
    first = place(team)
    # They become active by themselves as soon as the first one is fulfilled.
    started = place(team, first, auto_activate=True)
    later = place(team, started, auto_activate=True)
    other = place(team)
    selected = seen(first, started, later, other)
    Order.objects.filter(pk=other.pk).update(version=7)

    change = move(team, selected)

    assert [each["order"] for each in change.refusals] == [other.pk]
    assert "Somebody has changed order" in change.refusals[0]["reason"]
    assert {status_of(order) for order in (first, started, later)} == {"fulfilled"}
    assert status_of(other) == "pending"


def test_sending_it_twice_moves_once(team: Team) -> None:
    order = place(team)

    first = move(team, unseen(order), status="active")
    # Meanwhile somebody has moved it back.
    move(team, unseen(order), status="draft", key="k2")
    again = move(team, unseen(order), status="active")

    assert again.pk == first.pk
    assert status_of(order) == "draft"
    with pytest.raises(IdempotencyKeyReused):
        move(team, unseen(order), status="shipped")
    # Another person may happen to send the same key.
    assert move(team, unseen(order), status="active", who="manager").pk != first.pk


@pytest.mark.parametrize("dies_at", ["before it is written", "after the first", "at the result"])
def test_whoever_goes_on_after_a_crash_tries_no_order_twice(
    team: Team, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    orders = [place(team) for _ in range(3)]
    name, after = {
        "before it is written": ("update_order", 0),
        "after the first": ("update_order", 1),
        "at the result": ("_note", 1),
    }[dies_at]
    with monkeypatch.context() as patch:
        patch.setattr(working, name, dying(getattr(working, name), after=after))
        with pytest.raises(KeyboardInterrupt):
            move(team, unseen(*orders), status="active")
    change = BulkChange.objects.get()
    assert (change.position, change.is_running) == (after, True)
    # The dead process still has its lease, so nobody goes on yet.
    assert move(team, unseen(*orders), status="active").position == after
    assert working.due_changes() == []

    with travel(timezone.now() + working.LEASE + timedelta(seconds=1), tick=True):
        assert working.due_changes() == [change.pk]
        tasks.work_on_bulk_change(change.pk)

    change.refresh_from_db()
    assert (change.state, change.changed, change.refused) == ("done", 3, 0)
    assert [moves_of(order) for order in orders] == [1, 1, 1]


def dying(work: Callable[..., Any], *, after: int) -> Callable[..., Any]:
    """Return `work`, which dies once it has been done so many times."""
    done = iter(range(after))

    def die(*args: Any, **kwargs: Any) -> Any:
        if next(done, None) is None:
            raise KeyboardInterrupt
        return work(*args, **kwargs)

    return die


def test_a_process_that_lost_its_lease_writes_nothing(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [place(team) for _ in range(2)]
    try_next = working._try_next

    def try_late(change: BulkChange) -> None:
        # Another process goes on and does it all. Then somebody moves an order back.
        monkeypatch.setattr(working, "_try_next", try_next)
        BulkChange.objects.update(next_attempt_at=timezone.now())
        assert working.work_on(change.pk) is None
        move_order(order_id=orders[0].pk, status="draft", by=team.owner)
        try_next(change)

    monkeypatch.setattr(working, "_try_next", try_late)
    change = move(team, unseen(*orders), status="active")

    assert (change.state, change.position, change.changed) == ("done", 2, 2)
    assert [status_of(order) for order in orders] == ["draft", "active"]


def test_an_order_that_kills_every_process_ends_the_change(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = place(team), place(team)
    monkeypatch.setattr(working, "update_order", dying(update_order, after=1))
    for _ in range(BulkChange.MAX_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            move(team, unseen(good, bad), status="active")
        BulkChange.objects.update(next_attempt_at=timezone.now())

    change = move(team, unseen(good, bad), status="active")

    assert (change.state, change.changed, change.left) == ("failed", 1, 1)
    assert f"Gave up at #{bad.pk}" in change.last_error


def test_processes_that_die_after_the_last_order_leave_a_change_that_ends(team: Team) -> None:
    change = move(team, unseen(place(team)), status="active")
    worn = BulkChange.MAX_ATTEMPTS + 1
    BulkChange.objects.update(state="pending", attempts=worn, next_attempt_at=timezone.now())

    working.work_on(change.pk)

    change.refresh_from_db()
    assert (change.state, change.changed, change.left) == ("done", 1, 0)


def test_a_large_change_is_a_workers_and_lets_others_have_their_turn(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_AT_ONCE", 2)
    orders = [place(team) for _ in range(3)]

    change = move(team, unseen(*orders), status="active")
    assert change.position == 0
    again = working.work_on(change.pk, seconds=0)

    change.refresh_from_db()
    assert (again, change.position, change.attempts) == (0, 1, 0)
    tasks.work_on_bulk_change(change.pk)
    change.refresh_from_db()
    assert (change.state, change.changed) == ("done", 3)
    # A nudge that comes late changes nothing.
    tasks.work_on_bulk_change(change.pk)
    assert [moves_of(order) for order in orders] == [1, 1, 1]


def test_a_right_that_is_lost_meanwhile_ends_the_moves(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_AT_ONCE", 0)
    order = place(team)
    change = move(team, unseen(order), status="active")
    set_member(project=team.project, user=team.members["agent"], role=Role.VIEWER, by=team.owner)

    working.work_on(change.pk)

    change.refresh_from_db()
    assert (change.changed, change.refused, status_of(order)) == (0, 1, "pending")
    second = move(team, unseen(order), status="active", who="manager", key="k2")
    team.members["manager"].is_active = False
    team.members["manager"].save()
    working.work_on(second.pk)
    second.refresh_from_db()
    assert (second.state, status_of(order)) == ("failed", "pending")
    assert "switched off" in second.last_error


def test_what_cannot_be_asked_for(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    order = place(team)
    monkeypatch.setattr(asking, "MAX_ORDERS", 1)

    with pytest.raises(RoleNotEnough):
        move(team, unseen(order), who="viewer")
    for selected, status in (({}, "active"), ({1: None, 2: None}, "active"), ({1: None}, "asleep")):
        with pytest.raises(Invalid):
            move(team, selected, status=status)
    monkeypatch.setattr(asking, "MAX_RUNNING", 0)
    with pytest.raises(TooManyBulkChanges):
        move(team, unseen(order))
    assert not BulkChange.objects.exists()


def test_orders_are_assigned_each_by_itself(team: Team) -> None:
    orders = [place(team), place(team)]
    Order.objects.filter(pk=orders[1].pk).update(version=3)

    change = asking.request_bulk_assignment(
        project=team.project,
        by=team.owner,
        assignee=team.members["agent"],
        orders=lambda: {orders[0].pk: 1, orders[1].pk: 1},
        key="k",
        digest="d",
    )
    asking.begin_bulk_change(change)

    change.refresh_from_db()
    assert (change.changed, change.refused) == (1, 1)
    assert Order.objects.get(pk=orders[0].pk).assignee == team.members["agent"]
    assert Order.objects.get(pk=orders[1].pk).assignee is None


def test_old_changes_are_forgotten(team: Team) -> None:
    move(team, unseen(place(team)))

    tasks.forget_bulk_changes()
    assert BulkChange.objects.count() == 1
    BulkChange.objects.update(finished_at=timezone.now() - working.KEPT - timedelta(days=1))
    tasks.forget_bulk_changes()

    assert not BulkChange.objects.exists()
