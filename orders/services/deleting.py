"""Deleting an order."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from catalog.services import return_stock
from orderchainer.core.db.among import among
from orders.errors import OrderHasDependents
from orders.lifecycle import EventType
from orders.locks import lock_for_removal
from orders.models import Order, OrderDependency
from orders.services.changing import Precondition
from orders.services.fields import change
from orders.services.locking import lock_for_deletion
from orders.services.rights import require_right_to_change
from orders.stream.models import Event
from orders.stream.recording import event, record


@transaction.atomic
def delete_order(*, order_id: int, by: User, precondition: Precondition | None = None) -> None:
    """Delete an order that no other still waits for, and give back the stock it holds; its events
    stay.

    An order waits while it is draft or pending and the dependency is neither done nor waived. All
    other dependents lose the dependency. Records `order_deleted`, and `order_updated` for each
    order that lost it. Raises `OrderNotFound`, `OrderNotYours`, `OrderHasDependents`, and
    `CustomerMayOnlyCancel` to a customer of the storefront.
    """
    locked = lock_for_deletion(order_id)
    order = locked[order_id]
    require_right_to_change(order, by=by, permission="orders.delete_order")
    if precondition is not None:
        precondition(order)
    _require_no_dependents(order)
    lock_for_removal(order_id)
    parted = _part_from_dependents(order, locked, by)
    record([*parted, event(EventType.DELETED, order, by=by)])
    order.delete()
    return_stock([order_id])


def _require_no_dependents(order: Order) -> None:
    edges = OrderDependency.objects.holding_up().filter(depends_on=order)
    dependents = list(edges.order_by("order_id").values_list("order_id", flat=True))
    if dependents:
        raise OrderHasDependents(order.pk, dependents)


def _part_from_dependents(order: Order, locked: Mapping[int, Order], by: User) -> list[Event]:
    """Delete the edges to `order`, and return the events of those that depended on it."""
    parted = [pk for pk in locked if pk != order.pk]
    if not parted:
        return []
    depended: dict[int, list[int]] = {pk: [] for pk in parted}
    edges = OrderDependency.objects.filter(order_id__in=among(parted))
    for pk, dependency in edges.order_by("depends_on_id").values_list("order_id", "depends_on_id"):
        depended[pk].append(dependency)
    OrderDependency.objects.filter(depends_on=order).delete()
    Order.objects.filter(pk__in=among(parted)).update(
        updated_at=timezone.now(), version=F("version") + 1
    )
    return [
        event(
            EventType.UPDATED,
            locked[pk],
            by=by,
            changes={
                "dependencies": change(
                    depended[pk], [one for one in depended[pk] if one != order.pk]
                )
            },
        )
        for pk in sorted(parted)
    ]
