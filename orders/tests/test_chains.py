"""Which orders wait for which, and what happens to dependents when an order ends."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from orders.errors import DependencyCycle, OrderBlocked, UnknownDependencies
from orders.models import Order, OrderDependency
from orders.queries import chain_for
from orders.services import create_order, move_order, update_order
from orders.stream.models import Event
from orders.tests.factories import make_chain, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", "correct horse")


def history(order: Order) -> list[str]:
    return list(Event.objects.filter(order=order).order_by("pk").values_list("type", flat=True))


def statuses(*orders: Order) -> list[str]:
    found = dict(Order.objects.values_list("pk", "status"))
    return [found[order.pk] for order in orders]


# --- dependencies are validated ---------------------------------------------------------------


def test_refuses_to_wait_for_what_does_not_exist_and_writes_nothing(ada: User) -> None:
    with pytest.raises(UnknownDependencies) as refusal:
        create_order(by=ada, fields={"title": "Second"}, dependencies=[99])

    assert refusal.value.errors == {
        "dependencies": ["There is no order #99 that this one could wait for."]
    }
    assert not Order.objects.exists()
    assert not Event.objects.exists()


def test_refuses_to_wait_for_a_strangers_order_as_if_it_were_not_there(
    ada: User,
) -> None:
    stranger = User.objects.create_user("eve@example.com", "correct horse")
    theirs = make_order(stranger)

    with pytest.raises(UnknownDependencies):
        create_order(by=ada, fields={"title": "Mine"}, dependencies=[theirs.pk])


def test_refuses_to_wait_for_itself(ada: User) -> None:
    order = make_order(ada)

    with pytest.raises(DependencyCycle) as refusal:
        update_order(order_id=order.pk, by=ada, fields={}, dependencies=[order.pk])

    assert refusal.value.data == {"cycle": [order.pk]}


def test_names_the_orders_on_a_refused_cycle_in_order(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first)
    third = make_order(ada, second)
    make_order(ada, first)

    with pytest.raises(DependencyCycle) as refusal:
        update_order(order_id=first.pk, by=ada, fields={}, dependencies=[third.pk])

    assert refusal.value.data == {"cycle": [first.pk, third.pk, second.pk]}
    assert refusal.value.errors["dependencies"] == [
        f"These orders would wait for one another: "
        f"#{first.pk} → #{third.pk} → #{second.pk} → #{first.pk}."
    ]
    assert not OrderDependency.objects.filter(order=first).exists()


def test_a_new_dependency_binds_an_active_order_only_once_it_is_a_draft_again(
    ada: User,
) -> None:
    open_order = make_order(ada)
    active = make_order(ada, status="active")

    update_order(order_id=active.pk, by=ada, fields={}, dependencies=[open_order.pk])
    move_order(order_id=active.pk, status="draft", by=ada)

    with pytest.raises(OrderBlocked) as refusal:
        move_order(order_id=active.pk, status="active", by=ada)
    assert refusal.value.data["blockers"] == [open_order.pk]


def test_a_blocked_order_can_only_wait_fail_or_be_cancelled(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    with pytest.raises(OrderBlocked) as refusal:
        move_order(order_id=second.pk, status="active", by=ada)

    assert refusal.value.data == {
        "blockers": [first.pk],
        "open_moves": ["draft", "failed", "cancelled"],
    }
    assert statuses(second) == ["pending"]


def test_only_a_new_dependency_takes_the_lock_on_the_graph(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    monkeypatch.setattr("orders.services.locking.lock_graph", lambda: taken.append("the graph"))
    first, second = make_order(ada), make_order(ada)
    third = make_order(ada, first, second)

    for fewer_or_same in ([first.pk, second.pk], [first.pk], []):
        update_order(order_id=third.pk, by=ada, fields={}, dependencies=fewer_or_same)
    assert taken == []

    update_order(order_id=third.pk, by=ada, fields={}, dependencies=[second.pk])
    assert taken == ["the graph"]


# --- what follows -----------------------------------------------------------------------------


def test_becomes_ready_when_the_last_dependency_is_done(ada: User) -> None:
    first, second = make_order(ada), make_order(ada)
    third = make_order(ada, first, second)

    move_order(order_id=first.pk, status="completed", by=ada)
    assert history(third) == ["order_created"]
    move_order(order_id=second.pk, status="fulfilled", by=ada)

    assert history(third) == ["order_created", "order_ready"]
    assert statuses(third) == ["pending"]


def test_activates_itself_when_it_gets_ready(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first, auto_activate=True)

    move_order(order_id=first.pk, status="completed", by=ada)

    assert statuses(second) == ["active"]
    assert history(second) == ["order_created", "order_ready", "order_status_changed"]
    event = Event.objects.filter(order=second).latest("pk")
    assert event.actor_id is None
    assert event.data == {
        "title": "An order",
        "status": "active",
        "old_status": "pending",
        "new_status": "active",
        "cause": {"order_id": first.pk, "status": "completed"},
    }


def test_activates_a_new_order_at_once_if_it_waits_for_nothing(ada: User) -> None:
    order = make_order(ada, auto_activate=True)

    assert statuses(order) == ["active"]
    assert history(order) == ["order_created", "order_status_changed"]
    event = Event.objects.filter(order=order).latest("pk")
    assert (event.actor_id, event.data["old_status"]) == (None, "pending")


def test_activates_a_draft_that_becomes_pending_and_waits_for_nothing(
    ada: User,
) -> None:
    alone = make_order(ada, status="draft", auto_activate=True)
    behind = make_order(
        ada, make_order(ada, status="completed"), status="draft", auto_activate=True
    )

    for order in (alone, behind):
        move_order(order_id=order.pk, status="pending", by=ada)

    assert statuses(alone, behind) == ["active", "active"]
    moves = ["order_status_changed", "order_status_changed"]
    assert history(alone) == ["order_created", *moves]
    assert history(behind) == ["order_created", moves[0], "order_ready", moves[1]]


def test_activates_a_retried_order_that_waits_for_nothing(ada: User) -> None:
    order = make_order(ada, auto_activate=True)
    move_order(order_id=order.pk, status="failed", by=ada)

    move_order(order_id=order.pk, status="pending", by=ada)

    assert statuses(order) == ["active"]


def test_activates_an_order_without_blockers_when_auto_activate_is_set(
    ada: User,
) -> None:
    order = make_order(ada)

    update_order(order_id=order.pk, by=ada, fields={"auto_activate": True})

    assert statuses(order) == ["active"]
    assert history(order) == ["order_created", "order_updated", "order_status_changed"]


@pytest.mark.parametrize("status", ["draft", "failed"])
def test_activates_only_pending_orders(ada: User, status: str) -> None:
    order = make_order(ada, status=status, auto_activate=True)

    update_order(order_id=order.pk, by=ada, fields={"title": "Another"})

    assert statuses(order) == [status]


def test_is_ready_at_once_when_all_it_waits_for_is_done_already(ada: User) -> None:
    done = make_order(ada, status="completed")

    order = make_order(ada, done, auto_activate=True)

    assert statuses(order) == ["active"]
    assert history(order) == ["order_created", "order_ready", "order_status_changed"]


def test_waits_on_when_a_dependency_fails_and_says_that_it_is_blocked(
    ada: User,
) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    move_order(order_id=first.pk, status="failed", by=ada)

    assert statuses(second) == ["pending"]
    blocked = Event.objects.filter(order=second).latest("pk")
    assert blocked.type == "order_blocked"
    assert blocked.data["blockers"] == [first.pk]


def test_fails_along_if_its_policy_says_so(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first, failure_policy="fail")
    third = make_order(ada, second, failure_policy="fail")
    fourth = make_order(ada, third)

    move_order(order_id=first.pk, status="cancelled", by=ada)

    assert statuses(second, third, fourth) == ["failed", "failed", "pending"]
    assert history(fourth) == ["order_created", "order_blocked"]


@pytest.mark.parametrize(
    ("fields", "first_status", "status"),
    [
        ({"failure_policy": "fail"}, "failed", "failed"),
        ({"auto_activate": True}, "completed", "active"),
    ],
)
def test_changes_by_the_chain_count_like_other_changes(
    ada: User, fields: dict[str, Any], first_status: str, status: str
) -> None:
    first = make_order(ada)
    second = make_order(ada, first, **fields)

    with time_machine.travel(second.created_at + timedelta(hours=1), tick=False):
        move_order(order_id=first.pk, status=first_status, by=ada)

    second.refresh_from_db()
    assert (second.status, second.version) == (status, 2)
    later = second.created_at + timedelta(hours=1)
    assert (second.status_changed_at, second.updated_at) == (later, later)


def test_a_draft_does_not_fail_along_and_hears_that_it_is_blocked(ada: User) -> None:
    first = make_order(ada)
    draft = make_order(ada, first, status="draft", failure_policy="fail")

    move_order(order_id=first.pk, status="failed", by=ada)

    assert statuses(draft) == ["draft"]
    assert history(draft) == ["order_created", "order_blocked"]


def test_goes_on_if_its_policy_ignores_the_failure(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first, failure_policy="ignore", auto_activate=True)

    move_order(order_id=first.pk, status="failed", by=ada)

    assert statuses(second) == ["active"]


@pytest.mark.parametrize(
    ("policy", "first_move", "second_move"),
    [("hold", "fulfilled", "completed"), ("ignore", "failed", "cancelled")],
)
def test_becomes_ready_only_once_when_its_dependency_moves_on(
    ada: User, policy: str, first_move: str, second_move: str
) -> None:
    first = make_order(ada)
    second = make_order(ada, first, failure_policy=policy)

    move_order(order_id=first.pk, status=first_move, by=ada)
    move_order(order_id=first.pk, status=second_move, by=ada)

    assert history(second) == ["order_created", "order_ready"]


def test_an_ignored_dependency_never_holds_the_order_up_again(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first, failure_policy="ignore")

    for status in ("failed", "pending", "completed"):
        move_order(order_id=first.pk, status=status, by=ada)

    assert history(second) == ["order_created", "order_ready"]


def test_a_ready_order_activates_when_auto_activate_is_set(ada: User) -> None:
    order = make_order(ada, make_order(ada, status="completed"))

    update_order(order_id=order.pk, by=ada, fields={"auto_activate": True})

    assert statuses(order) == ["active"]
    assert history(order) == [
        "order_created",
        "order_ready",
        "order_updated",
        "order_status_changed",
    ]


def test_a_stricter_policy_keeps_earlier_waivers(ada: User) -> None:
    first = make_order(ada, status="failed")
    second = make_order(ada, first, failure_policy="ignore", status="draft")

    update_order(order_id=second.pk, by=ada, fields={"failure_policy": "hold"})
    move_order(order_id=second.pk, status="active", by=ada)

    assert statuses(second) == ["active"]


def test_taking_the_last_blocker_away_makes_ready(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first, auto_activate=True)

    update_order(order_id=second.pk, by=ada, fields={}, dependencies=[])

    assert statuses(second) == ["active"]
    assert history(second) == [
        "order_created",
        "order_updated",
        "order_ready",
        "order_status_changed",
    ]


def test_setting_the_same_values_is_no_change_and_no_event(ada: User) -> None:
    first = make_order(ada)
    second = make_order(ada, first)

    order = update_order(
        order_id=second.pk,
        by=ada,
        fields={"title": "An order", "status": "pending"},
        dependencies=[first.pk],
    )

    assert order.version == 1
    assert history(second) == ["order_created"]


# --- size -------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [50, pytest.param(5000, marks=pytest.mark.slow)])
def test_a_failure_runs_down_a_chain_in_a_fixed_number_of_statements(
    ada: User, length: int
) -> None:
    chain = make_chain(ada, length, failure_policy="fail")

    with CaptureQueriesContext(connection) as queries:
        move_order(order_id=chain[0].pk, status="failed", by=ada)

    assert Order.objects.filter(status="failed").count() == length
    assert Event.objects.count() == length
    assert len(queries) <= 30


@pytest.mark.slow
def test_a_chain_of_thousands_is_checked_and_shown(ada: User) -> None:
    chain = make_chain(ada, 5000)

    with pytest.raises(DependencyCycle) as refusal:
        update_order(order_id=chain[0].pk, by=ada, fields={}, dependencies=[chain[-1].pk])
    assert len(refusal.value.data["cycle"]) == 5000  # type: ignore[arg-type]

    shown = chain_for(ada, chain[2500].pk)
    assert [node.id for node in shown.nodes] == [order.pk for order in chain]
    assert shown.critical_path == [order.pk for order in chain]


def test_a_chain_that_is_too_large_is_cut_and_says_so(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.queries.chains.MAX_CHAIN", 3)
    chain = make_chain(ada, 5)

    for order in (chain[0], chain[4]):
        shown = chain_for(ada, order.pk)
        assert [node.id for node in shown.nodes] == [link.pk for link in chain[:3]]
        assert shown.is_truncated
        assert not shown.has_truncated_edges
    assert not chain_for(ada, make_chain(ada, 3)[0].pk).is_truncated


def test_a_chain_with_too_many_edges_keeps_the_closest(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[Order] = []
    for _ in range(12):
        orders.append(make_order(ada, *orders))
    ids = [order.pk for order in orders]

    whole = chain_for(ada, ids[5])
    monkeypatch.setattr("orders.queries.chains.MAX_CHAIN_EDGES", 24)
    cut = chain_for(ada, ids[5])

    assert (whole.has_truncated_edges, cut.has_truncated_edges) == (False, True)
    assert sum(len(node.edges) for node in whole.nodes) == 66
    assert sum(len(node.edges) for node in cut.nodes) <= 24
    assert [edge.depends_on for edge in cut.nodes[7].edges] == ids[5:7]
    for shown in (whole, cut):
        assert not shown.is_truncated
        assert [node.id for node in shown.nodes] == ids
        assert shown.critical_path == ids
        assert [node.ready for node in shown.nodes] == [True, *[False] * 11]


def test_a_graph_with_more_ways_than_atoms_is_checked_shown_and_propagated(
    ada: User,
) -> None:
    # Sixty diamonds in a row: 2 ** 60 ways from the first order to the last.
    top = make_order(ada, failure_policy="fail")
    first = top
    for _ in range(60):
        left = make_order(ada, top, failure_policy="fail")
        right = make_order(ada, top, failure_policy="fail")
        top = make_order(ada, left, right, failure_policy="fail")

    with pytest.raises(DependencyCycle) as refusal:
        update_order(order_id=first.pk, by=ada, fields={}, dependencies=[top.pk])
    assert len(refusal.value.data["cycle"]) == 121  # type: ignore[arg-type]

    assert len(chain_for(ada, first.pk).nodes) == 181
    move_order(order_id=first.pk, status="failed", by=ada)
    assert Order.objects.filter(status="failed").count() == 181
