"""Placing an order."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from accounts.models import Project, User
from orders.errors import OrderBlocked
from orders.lifecycle import ALLOWED_WHILE_BLOCKED, EventType, Status, blockers_among
from orders.locks import lock_orders
from orders.models import Order
from orders.services.chains import require_reach, set_dependencies
from orders.services.fields import ItemDraft, OrderFields, total_of, write_items
from orders.services.readiness import becoming_ready
from orders.stream.recording import event, record


@transaction.atomic
def create_order(
    *,
    by: User,
    fields: OrderFields,
    dependencies: Sequence[int] = (),
    items: Sequence[ItemDraft] = (),
    owner: User | None = None,
    project: Project | None = None,
    provider: str = Order.Provider.API,
) -> Order:
    """Create an order of `owner`, or of `by` itself, in their personal project unless another is given.

    An order that waits for others may start as whatever it can be while it waits. Where all that it waits
    for is done already it is ready at once, so that it makes no difference which came first.
    Records `order_created`, then `order_ready` and the activation if they follow. Raises
    `UnknownDependencies` and `OrderBlocked`.
    """
    owner = owner or by
    order = Order(
        owner=owner,
        project=project or Project.objects.get(personal_owner=owner),
        provider=provider,
        **fields,
    )
    if order.status == Status.FULFILLED:
        order.fulfilled_at = order.status_changed_at
    if items:
        order.total_price = total_of(items, fields.get("total_price"))
    place(
        order,
        by=by,
        dependencies=dependencies,
        locked=lock_dependencies(dependencies),
        items=items,
    )
    return order


def lock_dependencies(dependencies: Sequence[int]) -> dict[int, Order]:
    """Lock what a new order shall wait for; what exists comes back by id.

    None is deleted then, nor done between our look at it and our being seen to wait. No cycle can
    close: nothing waits for an order that nobody knows yet.
    """
    return lock_orders(dependencies) if dependencies else {}


def place(
    order: Order,
    *,
    by: User,
    dependencies: Sequence[int],
    locked: Mapping[int, Order],
    items: Sequence[ItemDraft],
    **facts: Any,
) -> None:
    """Store a new order with all that belongs to it, in the caller's transaction.

    `locked` are the dependencies that exist. Records the events of `create_order`, the first with `facts`
    beside its usual data, and raises its refusals.
    """
    wanted = sorted(set(dependencies))
    require_reach(wanted, locked, order=order, by=by)
    blockers = blockers_among(
        {pk: str(dependency.status) for pk, dependency in locked.items()},
        order.failure_policy,
    )
    if blockers and order.status not in ALLOWED_WHILE_BLOCKED:
        raise OrderBlocked(None, order.status, blockers, sorted(ALLOWED_WHILE_BLOCKED))

    order.save(force_insert=True)
    set_dependencies(order, add=wanted, remove=[])
    write_items(order, items)
    events = [event(EventType.CREATED, order, by=by, dependencies=wanted, **facts)]
    if wanted and not blockers and order.status == Status.PENDING:
        events += becoming_ready(order)
        if order.status != Status.PENDING:
            order.save(update_fields=["status", "status_changed_at"])
    record(events)
