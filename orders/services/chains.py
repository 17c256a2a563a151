"""Who may wait for whom, and what follows when an order is done or goes wrong.

A cycle is refused and named. A blocked order stays as it is. Propagation is one transaction with a
bounded number of statements.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from orderchainer.core.db.among import among
from orders import graph
from orders.errors import DependencyCycle, UnknownDependencies
from orders.lifecycle import (
    DONE,
    GONE_WRONG,
    WAITING,
    EventType,
    FailurePolicy,
    Status,
    Wait,
    Waits,
    is_ignored,
)
from orders.models import Order, OrderDependency
from orders.stream.models import Event
from orders.stream.recording import event


def require_reach(
    wanted: Iterable[int], locked: Mapping[int, Order], *, order: Order, by: User
) -> None:
    """Check that every id is an order that `by` sees and that shares owner or project with `order`.

    `locked` holds the wanted orders that exist. Raises `UnknownDependencies`, whether an order is
    missing, invisible or out of reach.
    """
    wanted = set(wanted)
    near = {
        pk: dependency
        for pk, dependency in locked.items()
        if dependency.owner_id == order.owner_id or dependency.project_id == order.project_id
    }
    reached = {pk for pk, dependency in near.items() if dependency.owner_id == by.pk}
    # A user always sees their own orders.
    if others := (wanted & near.keys()) - reached:
        visible = Order.objects.visible_to(by).filter(pk__in=among(others))
        reached |= set(visible.values_list("pk", flat=True))
    if missing := sorted(wanted - reached):
        raise UnknownDependencies(missing)


def require_no_cycle(order_id: int, new_dependencies: Iterable[int]) -> None:
    """Check that none of `new_dependencies` waits for `order_id`. The caller holds the graph lock.

    Raises `DependencyCycle`, which names the orders on the cycle.
    """
    wanted = sorted(set(new_dependencies))
    if order_id in wanted:
        raise DependencyCycle([order_id])
    closing = graph.first_descendant_among(wanted, order_id)
    if closing is None:
        return
    dependencies = graph.dependencies_of(graph.descendants_of(order_id))
    raise DependencyCycle([order_id, *graph.shortest_way(closing, order_id, dependencies)[:-1]])


def reach_of(order_id: int, status: str, *, was: str | None = None) -> graph.Walk | None:
    """Return the orders that a move of `order_id` to `status` may change; None if there cannot be
    any.

    For a move that people cannot make, `was` is the status before.
    """
    if status in GONE_WRONG:
        return graph.reached_by_failure_of(order_id)
    walks: list[graph.Walk] = []
    if status in DONE or was in DONE:
        walks.append(graph.dependents_of(order_id))
    if status == Status.PENDING or was in GONE_WRONG:
        walks.append(graph.failed_along_with(order_id))
    return reduce(or_, walks) if walks else None


def failed_along_among(orders: Mapping[int, Order], root_id: int) -> list[int]:
    """Return the ids of those of `orders` that failed along with `root_id`, also through others."""
    along: dict[int, list[int]] = defaultdict(list)
    for order in orders.values():
        if order.failed_along_with_id is not None:
            along[order.failed_along_with_id].append(order.pk)
    found = list(along[root_id])
    for pk in found:
        found += along[pk]
    return found


class Edge(NamedTuple):
    """`order_id` depends on `depends_on_id`, which has this `status`."""

    id: int
    order_id: int
    depends_on_id: int
    status: str
    is_waived: bool

    @property
    def wait(self) -> Wait:
        """What the order knows about its dependency."""
        return Wait(self.status, self.is_waived)


def edges_of(ids: Iterable[int]) -> list[Edge]:
    """Return the edges of these orders to their dependencies, in the order of the ids."""
    edges = OrderDependency.objects.filter(order_id__in=among(ids))
    rows = edges.order_by("order_id", "depends_on_id").values_list(
        *("pk", "order_id", "depends_on_id", "depends_on__status", "waived_at")
    )
    return [
        Edge(pk, waiter, dependency, status, waived_at is not None)
        for pk, waiter, dependency, status, waived_at in rows
    ]


def propagate(root: Order, root_was: str, locked: dict[int, Order]) -> Propagation:
    """Carry the move of `root` from the status `root_was` to the orders that wait for it.

    `locked` holds `root` and every order that the move can reach. Their new statuses are stored;
    the events are returned unsaved.
    """
    propagation = decide(root, root_was, locked)
    propagation.write()
    return propagation


def decide(
    root: Order, root_was: str, locked: dict[int, Order], edges: Sequence[Edge] | None = None
) -> Propagation:
    """Decide in memory what `propagate` does. The caller stores it, with `write` or on its own.

    `edges` are those of the `locked` orders to their dependencies, in the order of the ids; if they
    are not given, one statement reads them.

    The source of an order can take back that it was done. The orders that have begun since stay as
    they are, and those that have not wait for it again.
    """
    propagation = Propagation(root, root_was, locked, edges)
    if root_was in GONE_WRONG and root.status not in GONE_WRONG:
        propagation.bring_back()
    if root.status in DONE | GONE_WRONG or root_was in DONE:
        propagation.run()
    return propagation


def columns_of_move(status: Status, now: datetime) -> dict[str, Any]:
    """Return what a move to `status` stores of an order that follows another one."""
    return {
        "status": status,
        "failed_along_with": None,
        "status_changed_at": now,
        "updated_at": now,
        "version": F("version") + 1,
    }


@dataclass
class Propagation:
    """What the move of one order does to the orders that wait for it.

    `run` reads the edges once and decides in memory, with a work list instead of recursion;
    `bring_back` does the same for an order that is tried again. `write` stores the outcome with one
    statement for each new status, and one for the edges that are waived.
    """

    root: Order
    root_was: str
    locked: dict[int, Order]
    edges: Sequence[Edge] | None = None
    events: list[Event] = field(default_factory=list)
    # The ids of the orders that failed because of it, and of those that came back with it.
    failed: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    # The ids of the orders that became active because nothing holds them up any more.
    activated: list[int] = field(default_factory=list)
    # With whom each of the failed orders failed.
    _failed_along_with: dict[int, int] = field(default_factory=dict)
    # The edges that are waived now, by their own ids and as pairs of the orders.
    _waived: list[int] = field(default_factory=list)
    _waived_pairs: set[tuple[int, int]] = field(default_factory=set)

    def run(self) -> None:
        """Change the statuses of the locked orders in memory and collect the events."""
        self._read_edges()
        self._was = {self.root.pk: self.root_was}
        self._blocked: dict[int, list[Order]] = defaultdict(list)
        self._freed: dict[int, Order] = {}
        self._causes = deque([self.root])
        while self._causes:
            cause = self._causes.popleft()
            for order in self._held_up_by(cause):
                self._decide(order, cause)
        self._tell_the_blocked()
        self._wake_the_freed()

    def bring_back(self) -> None:
        """Move the locked orders that failed along with the root back to pending, in memory."""
        along: dict[int, list[Order]] = defaultdict(list)
        for order in self.locked.values():
            if order.failed_along_with_id is not None:
                along[order.failed_along_with_id].append(order)
        self._was = {}
        causes = deque([self.root])
        while causes:
            cause = causes.popleft()
            for order in along[cause.pk]:
                self._move(order, Status.PENDING, cause)
                self.returned.append(order.pk)
                causes.append(order)

    def write(self) -> None:
        """Store the new statuses, and which edges are waived."""
        self._write_moves(self.activated, Status.ACTIVE)
        self.write_without_activated()

    def write_without_activated(self) -> None:
        """Do the same for a caller who has stored already which orders became active."""
        if self.failed:
            causes = {pk: self._failed_along_with[pk] for pk in self.failed}
            _store_as_failed_along(causes, timezone.now())
        # An order that came back may have become active at once.
        self._write_moves(set(self.returned).difference(self.activated), Status.PENDING)
        if self._waived:
            OrderDependency.objects.filter(pk__in=among(self._waived)).waive()

    def _write_moves(self, ids: Collection[int], status: Status) -> None:
        if ids:
            moved = Order.objects.filter(pk__in=among(ids))
            moved.update(**columns_of_move(status, timezone.now()))

    def _read_edges(self) -> None:
        others = self.locked.keys() - {self.root.pk}
        self._dependencies: dict[int, list[tuple[int, Wait]]] = defaultdict(list)
        # The unwaived edges to each order: the edge's own id, and who waits.
        self._dependents: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for edge in edges_of(others) if self.edges is None else self.edges:
            if edge.order_id not in others:
                continue
            self._dependencies[edge.order_id].append((edge.depends_on_id, edge.wait))
            if not edge.is_waived:
                self._dependents[edge.depends_on_id].append((edge.id, edge.order_id))

    def _held_up_by(self, cause: Order) -> Iterator[Order]:
        """Yield the waiting orders that `cause` held up before its move, or holds up now.

        Waives the edges that are ignored, also those of orders that do not wait now, because these
        may wait again later.
        """
        held_before = self._was[cause.pk] not in DONE
        for edge, pk in self._dependents[cause.pk]:
            order = self.locked[pk]
            if is_ignored(cause.status, order.failure_policy):
                self._waived.append(edge)
                self._waived_pairs.add((pk, cause.pk))
            holds_now = cause.status not in DONE and not is_ignored(
                cause.status, order.failure_policy
            )
            if order.status in WAITING and (held_before or holds_now):
                yield order

    def _decide(self, order: Order, cause: Order) -> None:
        """Free, fail or block `order`, which waits for `cause`."""
        fails_along = order.failure_policy == FailurePolicy.FAIL and cause.status in GONE_WRONG
        if cause.status in DONE or is_ignored(cause.status, order.failure_policy):
            self._freed.setdefault(order.pk, cause)
        elif fails_along and order.status == Status.PENDING:
            self._move(order, Status.FAILED, cause)
            self._failed_along_with[order.pk] = cause.pk
            self.failed.append(order.pk)
            self._causes.append(order)
        else:
            self._blocked[order.pk].append(cause)

    def _tell_the_blocked(self) -> None:
        for pk, causes in self._blocked.items():
            self.events.append(
                event(
                    EventType.BLOCKED,
                    self.locked[pk],
                    blockers=sorted(order.pk for order in causes),
                    cause=_cause(causes[0]),
                )
            )

    def _wake_the_freed(self) -> None:
        """Announce the freed orders that nothing else holds up, and activate those that want it."""
        for pk, cause in self._freed.items():
            order = self.locked[pk]
            if order.status != Status.PENDING or self._is_held_up(order):
                continue
            self.events.append(event(EventType.READY, order, cause=_cause(cause)))
            if order.auto_activate:
                self._move(order, Status.ACTIVE, cause)
                self.activated.append(pk)

    def _is_held_up(self, order: Order) -> bool:
        # `locked` has the statuses that this propagation changed; the others are as they were read.
        return any(
            (wait._replace(status=self.locked[pk].status) if pk in self.locked else wait).holds
            for pk, wait in self._dependencies[order.pk]
            if (order.pk, pk) not in self._waived_pairs
        )

    def _move(self, order: Order, status: Status, cause: Order) -> None:
        old = str(order.status)
        self._was[order.pk] = old
        order.status = status
        self.events.append(
            event(
                EventType.STATUS_CHANGED,
                order,
                old_status=old,
                new_status=str(status),
                cause=_cause(cause),
            )
        )


def _cause(order: Order) -> dict[str, int | str]:
    return {"order_id": order.pk, "status": str(order.status)}


# All pairs are one parameter or two, so the statement is the same for one order and for thousands.
_PAIRS = {
    "postgresql": "unnest(%s::bigint[], %s::bigint[]) AS along(id, cause)",
    "sqlite": "(SELECT CAST(key AS INTEGER) AS id, value AS cause FROM json_each(%s)) AS along",
}


def _store_as_failed_along(causes: Mapping[int, int], now: datetime) -> None:
    """Store that orders failed, each along with the order that `causes` names for its id."""
    pairs: list[Any] = [json.dumps(causes)]
    if connection.vendor == "postgresql":
        pairs = [list(causes), list(causes.values())]
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE orders_order
            SET status = %s, failed_along_with_id = along.cause, status_changed_at = %s,
                updated_at = %s, version = version + 1
            FROM {_PAIRS[connection.vendor]} WHERE orders_order.id = along.id
            """,
            [str(Status.FAILED), moment, moment, *pairs],
        )


def set_dependencies(order: Order, *, add: Sequence[int], remove: Sequence[int]) -> None:
    """Store what `order` starts and stops waiting for. The caller has checked it.

    Edges that stay keep their waivers.
    """
    if remove:
        OrderDependency.objects.filter(order=order, depends_on_id__in=among(remove)).delete()
    OrderDependency.objects.bulk_create(
        OrderDependency(order=order, depends_on_id=pk) for pk in add
    )


def waive_ignored(order: Order, waits: Waits) -> dict[int, Wait]:
    """Waive the edges of `order` to dependencies that it ignores; return all its `waits` as they
    are then.

    Call this after setting the policy or adding a dependency. When a dependency goes wrong, its
    propagation does the same. So every ignored edge is waived.
    """
    ignored = [
        pk
        for pk, wait in waits.items()
        if not wait.is_waived and is_ignored(wait.status, order.failure_policy)
    ]
    if ignored:
        edges = OrderDependency.objects.filter(order=order)
        edges.filter(depends_on_id__in=among(ignored)).waive()
    return {
        pk: wait._replace(is_waived=wait.is_waived or pk in ignored) for pk, wait in waits.items()
    }
