"""Who may wait for whom, and what follows when an order is done or goes wrong.

A cycle is refused and named. A blocked order stays as it is. Propagation is one transaction with a
bounded number of statements.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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
    holds_up,
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
        if dependency.owner_id == order.owner_id
        or dependency.project_id == order.project_id
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
    dependencies: dict[int, list[int]] = defaultdict(list)
    waiting = graph.descendants_of(order_id)
    edges = OrderDependency.objects.filter(order_id__in=waiting)
    for waiter, dependency in edges.order_by("pk").values_list(
        "order_id", "depends_on_id"
    ):
        dependencies[waiter].append(dependency)
    raise DependencyCycle(
        [order_id, *graph.shortest_way(closing, order_id, dependencies)[:-1]]
    )


def reached_by(order_id: int, status: str) -> set[int]:
    """Return the ids of the orders that a move of `order_id` to `status` may change."""
    if status in DONE:
        edges = OrderDependency.objects.filter(depends_on_id=order_id)
        return set(edges.values_list("order_id", flat=True))
    if status in GONE_WRONG:
        reached = Order.objects.filter(pk__in=graph.reached_by_failure_of(order_id))
        return set(reached.values_list("pk", flat=True))
    return set()


def propagate(root: Order, root_was: str, locked: dict[int, Order]) -> Propagation:
    """Carry the move of `root` from the status `root_was` to the orders that wait for it.

    `locked` holds `root` and every order that the move can reach. Their new statuses are stored;
    the events are returned unsaved.
    """
    propagation = Propagation(root, root_was, locked)
    if root.status in DONE | GONE_WRONG:
        propagation.run()
        propagation.write()
    return propagation


@dataclass
class Propagation:
    """What the move of one order does to the orders that wait for it.

    `run` reads the edges once and decides in memory, with a work list instead of recursion.
    `write` stores the outcome with one statement for each new status.
    """

    root: Order
    root_was: str
    locked: dict[int, Order]
    events: list[Event] = field(default_factory=list)
    # The ids of the orders that failed because of it.
    failed: list[int] = field(default_factory=list)

    def run(self) -> None:
        """Change the statuses of the locked orders in memory and collect the events."""
        self._read_edges()
        self._was = {self.root.pk: self.root_was}
        self._activated: list[int] = []
        self._blocked: dict[int, list[Order]] = defaultdict(list)
        self._freed: dict[int, Order] = {}
        self._causes = deque([self.root])
        while self._causes:
            cause = self._causes.popleft()
            for order in self._waiting_for(cause):
                self._decide(order, cause)
        self._tell_the_blocked()
        self._wake_the_freed()

    def write(self) -> None:
        """Store the new statuses."""
        for status, ids in (
            (Status.FAILED, self.failed),
            (Status.ACTIVE, self._activated),
        ):
            if ids:
                now = timezone.now()
                Order.objects.filter(pk__in=among(ids)).update(
                    status=status,
                    status_changed_at=now,
                    updated_at=now,
                    version=F("version") + 1,
                )

    def _read_edges(self) -> None:
        others = [pk for pk in self.locked if pk != self.root.pk]
        self._dependencies: dict[int, list[tuple[int, str]]] = defaultdict(list)
        self._dependents: dict[int, list[int]] = defaultdict(list)
        edges = OrderDependency.objects.filter(order_id__in=among(others))
        for waiter, dependency, status in edges.order_by(
            "order_id", "depends_on_id"
        ).values_list("order_id", "depends_on_id", "depends_on__status"):
            self._dependencies[waiter].append((dependency, status))
            self._dependents[dependency].append(waiter)

    def _waiting_for(self, cause: Order) -> Iterator[Order]:
        """Yield the orders that `cause` held up before its move."""
        for pk in self._dependents[cause.pk]:
            order = self.locked[pk]
            was_held_up = holds_up(self._was[cause.pk], order.failure_policy)
            if order.status in WAITING and was_held_up:
                yield order

    def _decide(self, order: Order, cause: Order) -> None:
        """Free, fail or block `order`, which waits for `cause`."""
        if cause.status in DONE or order.failure_policy == FailurePolicy.IGNORE:
            self._freed.setdefault(order.pk, cause)
        elif (
            order.failure_policy == FailurePolicy.FAIL
            and order.status == Status.PENDING
        ):
            self._move(order, Status.FAILED, cause)
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
                self._activated.append(pk)

    def _is_held_up(self, order: Order) -> bool:
        # `locked` has the statuses that this propagation changed; the others are as they were read.
        return any(
            holds_up(
                self.locked[pk].status if pk in self.locked else status,
                order.failure_policy,
            )
            for pk, status in self._dependencies[order.pk]
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


def set_dependencies(
    order: Order, *, add: Sequence[int], remove: Sequence[int]
) -> None:
    """Store what `order` starts and stops waiting for. The caller has checked it."""
    if remove:
        OrderDependency.objects.filter(
            order=order, depends_on_id__in=among(remove)
        ).delete()
    OrderDependency.objects.bulk_create(
        OrderDependency(order=order, depends_on_id=pk) for pk in add
    )
