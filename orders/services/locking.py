"""Locking an order together with every order that its change may reach."""

from collections.abc import Callable, Sequence

from django.db import transaction

from orderchainer.core.ids import MAX_ID
from orders.errors import OrderNotFound
from orders.lifecycle import Wait
from orders.locks import lock_graph, lock_orders
from orders.models import Order, OrderDependency
from orders.services.chains import reached_by

# How often the set of orders to lock may grow while we lock it. It grows only if another writer
# extends the same chain at the same moment.
MAX_LOCK_ATTEMPTS = 10


def lock_for_change(
    order_id: int,
    *,
    status: str | None = None,
    was: str | None = None,
    wanted: Sequence[int] | None = None,
) -> tuple[dict[int, Order], dict[int, Wait]]:
    """Lock the order, the `wanted` dependencies and every order that a move to `status` reaches.

    Only the source of an order makes moves that are not open to people. It tells what the status
    `was` before, since such a move can reach other orders too.

    Return the locked orders by id, and what the order waits for so far. A new dependency also
    locks the graph, before any order. We cannot be certain what a move reaches, or which
    dependencies are new, until we hold the locks. If there turns out to be more to lock, we release
    the locks and take all of them again, because locking more on top of them could deadlock. Raises
    `OrderNotFound`.
    """

    def reach_now() -> set[int]:
        return reached_by(order_id, status, was=was) if status else set()

    return _lock(order_id, reach_now, set(wanted or ()))


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
