"""Deleting an order."""

from django.db import transaction

from accounts.models import User
from catalog.services import return_stock
from orders.errors import OrderHasDependents, OrderNotFound
from orders.lifecycle import EventType
from orders.locks import lock_orders
from orders.models import Order, OrderDependency
from orders.services.changing import Precondition
from orders.services.rights import require_right_to_change
from orders.stream.recording import event, record


@transaction.atomic
def delete_order(
    *, order_id: int, by: User, precondition: Precondition | None = None
) -> None:
    """Delete an order that no other waits for, and give back the stock it holds; its events stay.

    Records `order_deleted`. Raises `OrderNotFound`, `OrderNotYours`, `OrderHasDependents`, and
    `CustomerMayOnlyCancel` to a customer of the storefront.
    """
    order = _locked(order_id)
    require_right_to_change(order, by=by, permission="orders.delete_order")
    if precondition is not None:
        precondition(order)
    _require_no_dependents(order)
    record([event(EventType.DELETED, order, by=by)])
    order.delete()
    return_stock([order_id])


def _locked(order_id: int) -> Order:
    """Lock the order. A new dependent locks it too, so none can come while we look."""
    order = lock_orders([order_id]).get(order_id)
    if order is None:
        raise OrderNotFound
    return order


def _require_no_dependents(order: Order) -> None:
    edges = OrderDependency.objects.filter(depends_on=order).order_by("order_id")
    if dependents := list(edges.values_list("order_id", flat=True)):
        raise OrderHasDependents(order.pk, dependents)
