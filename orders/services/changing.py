"""Changing an order: its fields, its items, what it waits for, its status, and what follows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from orderchainer.core.errors import Invalid
from orders.errors import CustomerMayOnlyCancel, GoodsGone, MoveRefused, OrderBlocked
from orders.lifecycle import (
    ALLOWED_WHILE_BLOCKED,
    HAS_LEFT,
    EventType,
    Status,
    Wait,
    Waits,
    blockers_among,
)
from orders.models import Order
from orders.services.amounts import settle_changes
from orders.services.assigning import set_assignee
from orders.services.chains import (
    propagate,
    require_no_cycle,
    require_reach,
    set_dependencies,
    waive_ignored,
)
from orders.services.fields import (
    OF_SOURCE,
    Changes,
    OrderFields,
    change,
    fields_differ,
    require_dates,
    set_fields,
)
from orders.services.holding import follow_the_moves
from orders.services.items import (
    ItemDraft,
    has_same_items,
    replace_items,
    require_unchanged_items,
)
from orders.services.locking import lock_for_change
from orders.services.readiness import what_readiness_brings
from orders.services.rights import Standing, standing_of
from orders.stream.models import Event
from orders.stream.recording import event, record

Precondition = Callable[[Order], None]


def move_order(*, order_id: int, status: str, by: User) -> Order:
    """Move the order to `status`; orders that wait for it follow. See `update_order`."""
    return update_order(order_id=order_id, by=by, fields={"status": status})


def assign_order(
    *,
    order_id: int,
    assignee: User | None,
    by: User,
    precondition: Precondition | None = None,
) -> Order:
    """Let `assignee` care for the order; None if nobody shall. See `update_order`."""
    fields = OrderFields(assignee=assignee)
    return update_order(order_id=order_id, by=by, fields=fields, precondition=precondition)


@transaction.atomic
def update_order(
    *,
    order_id: int,
    by: User,
    fields: OrderFields,
    dependencies: Sequence[int] | None = None,
    items: Sequence[ItemDraft] | None = None,
    precondition: Precondition | None = None,
) -> Order:
    """Change the named fields and leave the rest; `dependencies` and `items` are whole new sets.

    We check the right of `by` while the order is locked. Its storefront customer may only cancel
    it, until it is shipped. What only the source of a mirrored order decides stays as it is.
    `precondition` is called with the locked order before anything changes, and may raise. Setting
    the same value again is no change and records no event. An order that becomes fulfilled gets
    `fulfilled_at` or, without it, the present moment. An order that goes wrong gives back the stock
    it holds. If a failed order is tried again, it takes its stock again. So does each order that
    failed along with it and returns to pending. Only members who handle the project's orders can be
    its `assignee`. Assigning an order is not work on it: if it failed along with another one, it
    still comes back with that one.

    Records `order_updated`, `order_status_changed`, and what follows for this order and those that
    wait for it. Raises `OrderNotFound`, `OrderNotYours`, `CustomerMayOnlyCancel`, `GoodsGone`,
    `MoveRefused`, `OrderBlocked`, `ItemsFrozen`, `InsufficientStock`, `UnknownDependencies`,
    `DependencyCycle`, `MayNotCareForOrders`, and `Invalid` for values that an order cannot have.
    """
    locked, old_dependencies = lock_for_change(
        order_id, status=fields.get("status"), wanted=dependencies
    )
    order = locked[order_id]
    standing = standing_of(by, order)
    if precondition is not None:
        precondition(order)
    if standing is Standing.CUSTOMER:
        _require_only_a_cancellation(order, fields, dependencies, items, old_dependencies)
    if order.is_mirrored:
        _require_nothing_of_its_source(order, fields, items)

    old_status = str(order.status)
    waits, changes = _set_dependencies(order, old_dependencies, dependencies, locked, by)
    changes |= _set_items_and_fields(order, items, fields)
    if changes.keys() & {"dependencies", "failure_policy"}:
        waits = waive_ignored(order, waits)
    is_moved = _move(order, fields, waits)
    is_worked_on = bool(changes) or is_moved
    if "assignee" in fields:
        changes |= set_assignee(order, fields["assignee"])
    if not changes and not is_moved:
        return order

    events = _events_of(order, by, changes, old_status)
    events += what_readiness_brings(
        order, old_status=old_status, old_waits=old_dependencies, waits=waits
    )
    save_change(order, is_worked_on=is_worked_on)
    if is_moved:
        propagation = propagate(order, old_status, locked)
        record(events + propagation.events)
        # This comes last, so that we lock the stock as briefly as possible. Others want to buy it.
        follow_the_moves(
            order,
            old_status,
            failed=propagation.failed,
            returned=propagation.returned,
        )
    else:
        record(events)
    return order


def _require_only_a_cancellation(
    order: Order,
    fields: OrderFields,
    dependencies: Sequence[int] | None,
    items: Sequence[ItemDraft] | None,
    old_dependencies: Waits,
) -> None:
    """Refuse a customer who asks for more than to cancel the order, or whose goods have left.

    Values that the order already has are no change: customers may send back what they read.
    """
    is_same = (
        not fields_differ(order, fields)
        and (dependencies is None or set(dependencies) == old_dependencies.keys())
        and (items is None or has_same_items(order, items))
    )
    wanted = fields.get("status", order.status)
    if is_same and wanted == Status.CANCELLED and order.status in HAS_LEFT:
        raise GoodsGone(order.pk, order.status)
    moves = order.customers_moves()
    if not is_same or wanted not in {order.status, *moves}:
        raise CustomerMayOnlyCancel(order.pk, moves)


def _require_nothing_of_its_source(
    order: Order, fields: OrderFields, items: Sequence[ItemDraft] | None
) -> None:
    """Refuse changes of what only the source of a mirrored order decides.

    Whatever it tells next would take them back without a word. Values that the order already has
    are no change.
    """
    theirs = {name: value for name, value in fields.items() if name in OF_SOURCE}
    changed = [name for name, value in theirs.items() if value != getattr(order, name)]
    if items is not None and not has_same_items(order, items):
        changed.append("items")
    if changed:
        words = f"It comes from {order.get_provider_display()}; change it there."
        raise Invalid({name: [words] for name in changed})


def _set_dependencies(
    order: Order,
    old: Waits,
    wanted: Sequence[int] | None,
    locked: Mapping[int, Order],
    by: User,
) -> tuple[Waits, Changes]:
    """Check and store the new set; return it, and what changed."""
    if wanted is None:
        return old, {}
    add = sorted(set(wanted) - old.keys())
    remove = sorted(old.keys() - set(wanted))
    if not add and not remove:
        return old, {}
    if order.pk in add:
        require_no_cycle(order.pk, [order.pk])
    require_reach(add, locked, order=order, by=by)
    if add:
        require_no_cycle(order.pk, add)
    set_dependencies(order, add=add, remove=remove)
    kept = {pk: wait for pk, wait in old.items() if pk not in remove}
    new = kept | {pk: Wait(str(locked[pk].status)) for pk in add}
    return new, {"dependencies": change(sorted(old), sorted(new))}


def _set_items_and_fields(
    order: Order, items: Sequence[ItemDraft] | None, fields: OrderFields
) -> Changes:
    """Store the items, if they are given, and set the fields; the total stays the items' sum."""
    require_dates(fields)
    fields, items = settle_changes(order, fields, items)
    if items is None:
        require_unchanged_items(order, fields)
        return set_fields(order, fields)
    fields, changes = replace_items(order, items, fields)
    return changes | set_fields(order, fields)


def _move(order: Order, fields: OrderFields, waits: Waits) -> bool:
    """Set the status if the lifecycle and the chain allow it; tell whether it changed.

    Dependencies bind only draft and pending orders, so they matter only for moves out of these
    statuses.
    """
    wanted = fields.get("status")
    if wanted is None or wanted == order.status:
        return False
    blockers = blockers_among(order.status, waits)
    moves = order.open_moves(blocked=bool(blockers))
    if wanted not in order.open_moves():
        raise MoveRefused(order.pk, order.status, wanted, moves)
    if blockers and wanted not in ALLOWED_WHILE_BLOCKED:
        raise OrderBlocked(order.pk, wanted, blockers, moves)
    _enter(order, wanted, fulfilled_at=fields.get("fulfilled_at"))
    return True


def _enter(order: Order, status: str, *, fulfilled_at: datetime | None) -> None:
    order.status = status
    order.status_changed_at = timezone.now()
    if status == Status.FULFILLED:
        order.fulfilled_at = fulfilled_at or order.status_changed_at


def _events_of(order: Order, by: User, changes: Changes, old_status: str) -> list[Event]:
    """Return the events of what `by` changed."""
    events: list[Event] = []
    if changes:
        events.append(event(EventType.UPDATED, order, by=by, changes=changes))
    if order.status != old_status:
        events.append(
            event(
                EventType.STATUS_CHANGED,
                order,
                by=by,
                old_status=old_status,
                new_status=str(order.status),
            )
        )
    return events


def save_change(order: Order, *, is_worked_on: bool = True) -> None:
    """Store an order that a user changed."""
    order.version += 1
    order.updated_at = timezone.now()
    if is_worked_on:
        # If it failed along with another order, it no longer comes back to pending with that one.
        order.failed_along_with = None
    order.save()
