"""Locking an order together with every order that its change may reach."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from orderchainer.core.ids import MAX_ID
from orders.errors import OrderNotFound
from orders.graph import Walk, only
from orders.lifecycle import Wait
from orders.locks import lock_graph, lock_orders
from orders.models import Order, OrderDependency
from orders.services.chains import Edge, reach_of

# How often the set of orders to lock may grow while we lock it. It grows only if another writer
# extends the same chain at the same moment.
MAX_LOCK_ATTEMPTS = 10


def lock_for_change(
    order_id: int,
    *,
    status: str | None = None,
    wanted: Sequence[int] | None = None,
) -> tuple[dict[int, Order], dict[int, Wait]]:
    """Lock the order, the `wanted` dependencies and every order that a move to `status` reaches.

    Return the locked orders by id, and what the order waits for so far. A new dependency also
    locks the graph, before any order. We cannot be certain what a move reaches, or which
    dependencies are new, until we hold the locks. If there turns out to be more to lock, we release
    the locks and take all of them again, because locking more on top of them could deadlock. Raises
    `OrderNotFound`.
    """

    walk = reach_of(order_id, status) if status else None

    def reach_now() -> set[int]:
        return walk.ids() if walk else set()

    return _lock(order_id, reach_now, set(wanted or ()))


@dataclass(frozen=True)
class LockedReach:
    """An order and all others that a move of it reaches, locked."""

    orders: dict[int, Order]
    # Of all of them to their dependencies, in the order of the ids.
    edges: Sequence[Edge]

    def waits_of(self, order_id: int) -> dict[int, Wait]:
        """Return what this one of the orders waits for."""
        return {each.depends_on_id: each.wait for each in self.edges if each.order_id == order_id}


def lock_reach(order_id: int, reach: Walk | None) -> LockedReach | None:
    """Lock the order and the orders of `reach`, with two statements in all.

    The first one finds and locks them, but it sees the edges as they were when it began, and it may
    have waited since. So the second one reads under the locks which orders the move reaches, and
    what each of them waits for. Returns None if there is more to lock by now. The caller then
    starts again in a new transaction, because locking more on top could deadlock. Raises
    `OrderNotFound`.
    """
    walk = only(order_id) | reach if reach else only(order_id)
    chain = Order.objects.filter(walk.orders()).order_by("pk")
    locked = {order.pk: order for order in chain.select_for_update(no_key=True)}
    if order_id not in locked:
        raise OrderNotFound
    edge = "dependency_edges"
    rows = chain.order_by("pk", f"{edge}__depends_on_id").values_list(
        *("pk", f"{edge}__pk", f"{edge}__depends_on_id", f"{edge}__depends_on__status"),
        f"{edge}__waived_at",
    )
    edges: list[Edge] = []
    for pk, edge_id, depends_on_id, status, waived_at in rows:
        if pk not in locked:
            return None
        if edge_id is not None:
            edges.append(Edge(edge_id, pk, depends_on_id, status, waived_at is not None))
    return LockedReach(locked, edges)


def lock_for_deletion(order_id: int) -> dict[int, Order]:
    """Lock the order and its dependents; return them by id. Raises `OrderNotFound`.

    Whoever adds a dependent locks the order too, so nobody can add one while we hold the lock.
    """

    def reach_now() -> set[int]:
        edges = OrderDependency.objects.filter(depends_on_id=order_id)
        return set(edges.values_list("order_id", flat=True))

    return _lock(order_id, reach_now, set())[0]


def _lock(
    order_id: int, reach_now: Callable[[], set[int]], others: set[int]
) -> tuple[dict[int, Order], dict[int, Wait]]:
    if order_id > MAX_ID:
        raise OrderNotFound
    reach = reach_now()
    holds_graph = False
    needs_graph = bool(others) and not others <= _dependencies_of(order_id).keys()
    for _ in range(MAX_LOCK_ATTEMPTS):
        if needs_graph and not holds_graph:
            lock_graph()
            holds_graph = True
        savepoint = transaction.savepoint()
        locked = lock_orders({order_id, *others, *reach})
        if order_id not in locked:
            raise OrderNotFound
        dependencies = _dependencies_of(order_id)
        now_reached = reach_now()
        needs_graph = not others <= dependencies.keys()
        if now_reached <= locked.keys() and (holds_graph or not needs_graph):
            transaction.savepoint_commit(savepoint)
            return locked, dependencies
        transaction.savepoint_rollback(savepoint)
        reach |= now_reached
    msg = f"the chain of order {order_id} kept growing while it was being locked"
    raise RuntimeError(msg)


def _dependencies_of(order_id: int) -> dict[int, Wait]:
    edges = OrderDependency.objects.filter(order_id=order_id)
    return {
        pk: Wait(status, waived_at is not None)
        for pk, status, waived_at in edges.values_list(
            "depends_on_id", "depends_on__status", "waived_at"
        )
    }
