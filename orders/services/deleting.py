"""Deleting an order."""

from django.db import transaction

from accounts.models import User
from catalog.services import return_stock
from orders.errors import OrderHasDependents, OrderNotFound
from orders.lifecycle import EventType
from orders.locks import lock_orders
from orders.models import OrderDependency
from orders.queries import order_for_change
from orders.services.changing import Precondition
from orders.services.holding import require_goods_here
from orders.stream.recording import event, record


@transaction.atomic
def delete_order(
    *, order_id: int, by: User, precondition: Precondition | None = None
) -> None:
    """Delete an order that nothing waits for, and give back what it holds; its events stay.

    Records `order_deleted`. Raises `OrderNotFound`, `OrderNotYours`, `OrderHasDependents` that lists who waits for
    it, and `GoodsGone` where its customer would put on the shelf again what has been sent to them.
    """
    seen = order_for_change(by, order_id, permission="orders.delete_order")
    # Whoever makes an order wait for this one locks it first: none can be added while we look.
    order = lock_orders([order_id]).get(order_id)
    if order is None:
        raise OrderNotFound
    if precondition is not None:
        precondition(order)
    dependents = list(
        OrderDependency.objects.filter(depends_on=order)
        .order_by("order_id")
        .values_list("order_id", flat=True)
    )
    if dependents:
        raise OrderHasDependents(order_id, dependents)
    if not seen.is_handled:  # type: ignore[attr-defined]  # annotated by `order_for_change`
        require_goods_here(order, order.status)
    record([event(EventType.DELETED, order, by=by)])
    order.delete()
    return_stock([order_id])
