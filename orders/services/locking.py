"""Locking an order together with every order that its change may reach."""

from collections.abc import Sequence

from django.db import transaction

from orders.errors import OrderNotFound
from orders.locks import lock_graph, lock_orders
from orders.models import Order, OrderDependency
from orders.services.chains import reached_by

# The status of each order that an order waits for, by id.
Dependencies = dict[int, str]

# How often the set of orders to lock may grow while we lock it. Each time takes another writer who
# extends the same chain in the same instant.
MAX_LOCK_ATTEMPTS = 10


def lock_for_change(
    order_id: int, *, status: str | None, wanted: Sequence[int] | None
) -> tuple[dict[int, Order], Dependencies]:
    """Lock the order, the `wanted` dependencies and every order that a move to `status` reaches.

    Return the locked orders by id, and what the order waits for so far. A new dependency also
    locks the graph, before any order. Only under the locks do we know for certain what a move
    reaches and which dependencies are new. If that grew meanwhile, we release the locks and take
    them again, because adding to them could deadlock. Raises `OrderNotFound`.
    """
    others = set(wanted or ())
    reach = reached_by(order_id, status) if status else set()
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
        now_reached = reached_by(order_id, status) if status else set()
        needs_graph = not others <= dependencies.keys()
        if now_reached <= locked.keys() and (holds_graph or not needs_graph):
            transaction.savepoint_commit(savepoint)
            return locked, dependencies
        transaction.savepoint_rollback(savepoint)
        reach |= now_reached
    msg = f"the chain of order {order_id} kept growing while it was being locked"
    raise RuntimeError(msg)


def _dependencies_of(order_id: int) -> Dependencies:
    edges = OrderDependency.objects.filter(order_id=order_id)
    return dict(edges.values_list("depends_on_id", "depends_on__status"))
