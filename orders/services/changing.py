"""Changing an order: its fields, what it waits for, its status, and all that follows from that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from orderchainer.core.errors import Invalid
from orders.errors import ItemsFrozen, MoveRefused, OrderBlocked, OrderNotFound
from orders.lifecycle import (
    ALLOWED_WHILE_BLOCKED,
    DONE,
    GONE_WRONG,
    EventType,
    Status,
    blockers_among,
)
from orders.locks import lock_graph, lock_orders
from orders.models import Order, OrderDependency, OrderItem
from orders.queries import order_for_change
from orders.services.chains import (
    Propagation,
    reached_by,
    require_no_cycle,
    require_reach,
    set_dependencies,
)
from orders.services.fields import ItemDraft, OrderFields, total_of, write_items
from orders.services.holding import follow_the_moves, require_goods_here
from orders.services.readiness import activation, becoming_ready
from orders.stream.models import Event
from orders.stream.recording import event, record

Precondition = Callable[[Order], None]
# What was and what is, by field, as plain values.
Changes = dict[str, dict[str, Any]]
# The status of each order that an order waits for, by id.
Dependencies = dict[int, str]

# How often the set of orders to lock may grow while it is being locked. Each time takes another
# writer that extends the same chain in the same instant.
LOCK_ATTEMPTS = 10


def move_order(*, order_id: int, status: str, by: User) -> Order:
    """Move the order to `status`; what waits for it follows. See `update_order`."""
    return update_order(order_id=order_id, by=by, fields={"status": status})


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
    """Change what is named and leave the rest; `dependencies` and `items` are whole new sets.

    `precondition` is called with the locked order before anything changes, and may raise. Setting what is
    already set is no change and no event. Records `order_updated`, `order_status_changed`, and what follows
    for this order and those that wait for it. What goes wrong gives back what it holds of the stock; a failed
    order that is tried again takes it again. Raises `OrderNotFound`, `OrderNotYours`, `MoveRefused`,
    `OrderBlocked`, `ItemsFrozen`, `GoodsGone`, `InsufficientStock`, `UnknownDependencies` and `DependencyCycle`.
    """
    is_handled = order_for_change(by, order_id).is_handled  # type: ignore[attr-defined]  # annotated
    wanted_status = fields.get("status")
    locked, old_dependencies = _lock_for_change(order_id, wanted_status, dependencies)
    order = locked[order_id]
    if precondition is not None:
        precondition(order)

    was_ready = _is_ready(order, old_dependencies)
    new_dependencies = old_dependencies
    changes: Changes = {}
    if dependencies is not None:
        new_dependencies = _rewire(order, old_dependencies, dependencies, locked, by)
    if new_dependencies.keys() != old_dependencies.keys():
        changes["dependencies"] = {
            "from": sorted(old_dependencies),
            "to": sorted(new_dependencies),
        }
    changes |= _set_items(order, fields, items)
    changes |= _set_fields(order, fields)
    old_status = str(order.status)
    blockers = blockers_among(new_dependencies, order.failure_policy)
    _move(order, wanted_status, blockers)
    moved = order.status != old_status
    if moved and order.status in GONE_WRONG and not is_handled:
        require_goods_here(order, old_status)
    if not changes and not moved:
        return order

    events: list[Event] = []
    if changes:
        events.append(event(EventType.UPDATED, order, by=by, changes=changes))
    if moved:
        now = timezone.now()
        order.status_changed_at = now
        if order.status == Status.FULFILLED:
            order.fulfilled_at = now
        events.append(
            event(
                EventType.STATUS_CHANGED,
                order,
                by=by,
                old_status=old_status,
                new_status=str(order.status),
            )
        )
    if (
        order.status == Status.PENDING
        and not blockers
        and (old_dependencies or new_dependencies)
    ):
        events += activation(order) if was_ready else becoming_ready(order)
    order.version += 1
    order.updated_at = timezone.now()
    order.save()
    failed: list[int] = []
    if moved and order.status in DONE | GONE_WRONG:
        propagation = Propagation(order, old_status, locked)
        propagation.run()
        propagation.write()
        events += propagation.events
        failed = propagation.failed
    record(events)
    if moved:
        # Last: what others want to buy is held for as short a time as can be.
        follow_the_moves(order, old_status, failed)
    return order


def _lock_for_change(
    order_id: int, status: str | None, wanted: Sequence[int] | None
) -> tuple[dict[int, Order], Dependencies]:
    """Lock the order, the `wanted` dependencies and all that a move to `status` reaches; by id, in one go.

    Return what is locked, and what the order waits for so far. The graph is locked as well, before any
    order, where a dependency is new. What a move reaches and what is new is known for certain only under the locks:
    where it grew meanwhile, they are given back and taken anew, since adding to them could deadlock.
    """
    others = set(wanted or ())
    reach = reached_by(order_id, status) if status else set()
    holds_graph = False
    needs_graph = bool(others) and not others <= _dependencies_of(order_id).keys()
    for _ in range(LOCK_ATTEMPTS):
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


def _is_ready(order: Order, dependencies: Dependencies) -> bool:
    """Tell whether a pending order has waited and nothing holds it up any more."""
    return (
        order.status == Status.PENDING
        and bool(dependencies)
        and not blockers_among(dependencies, order.failure_policy)
    )


def _rewire(
    order: Order,
    old: Dependencies,
    wanted: Sequence[int],
    locked: Mapping[int, Order],
    by: User,
) -> Dependencies:
    """Check and store the new set of dependencies, and return it with their statuses."""
    add = sorted(set(wanted) - old.keys())
    remove = sorted(old.keys() - set(wanted))
    if order.pk in add:
        require_no_cycle(order.pk, [order.pk])
    require_reach(add, locked, order=order, by=by)
    if add:
        require_no_cycle(order.pk, add)
    set_dependencies(order, add=add, remove=remove)
    kept = {pk: status for pk, status in old.items() if pk not in remove}
    return kept | {pk: str(locked[pk].status) for pk in add}


def _set_items(
    order: Order, fields: OrderFields, items: Sequence[ItemDraft] | None
) -> Changes:
    """Store new lines and keep the total their sum."""
    stated = fields.get("total_price")
    new_currency = fields.get("currency", order.currency) != order.currency
    if items is None:
        if new_currency and order.items.filter(product__isnull=False).exists():
            raise ItemsFrozen(order.pk)
        if stated is not None and stated != order.total_price and order.items.exists():
            raise Invalid(
                {"total_price": ["It is the sum of the items; change those."]}
            )
        return {}
    old = [_draft(item) for item in order.items.order_by("pk")]
    same = [_as_written(item) for item in old] == [_as_written(item) for item in items]
    if any(item.product_id for item in old) and (new_currency or not same):
        raise ItemsFrozen(order.pk)
    if items:
        fields["total_price"] = total_of(items, stated)
    elif old and stated is None:
        fields["total_price"] = Decimal("0.00")
    if same:
        return {}
    order.items.all().delete()
    write_items(order, items)
    return {"items": {"from": _plain(old), "to": _plain(list(items))}}


def _draft(item: OrderItem) -> ItemDraft:
    return ItemDraft(
        name=item.name,
        unit_price=item.unit_price,
        quantity=item.quantity,
        sku=item.sku,
        product_id=item.product_id,
    )


def _as_written(item: ItemDraft) -> ItemDraft:
    """Return a line without what no client writes: the product that it was sold from."""
    return replace(item, product_id=None)


def _set_fields(order: Order, fields: OrderFields) -> Changes:
    """Set what differs and return it, old and new, as plain values."""
    changes: Changes = {}
    for name, value in fields.items():
        old = getattr(order, name)
        if name != "status" and value != old:
            setattr(order, name, value)
            changes[name] = {"from": _plain(old), "to": _plain(value)}
    return changes


def _move(order: Order, wanted: str | None, blockers: Sequence[int]) -> None:
    """Set the status if the lifecycle and the chain allow it."""
    moves = order.open_moves(blocked=bool(blockers))
    if wanted is not None and wanted != order.status:
        if wanted not in order.open_moves():
            raise MoveRefused(order.pk, order.status, wanted, moves)
        order.status = wanted
    if blockers and order.status not in ALLOWED_WHILE_BLOCKED:
        # Moved there, or there already when new dependencies or a stricter policy came.
        raise OrderBlocked(order.pk, order.status, blockers, moves)


def _plain(value: Any) -> Any:
    """Return `value` as JSON can hold it."""
    if isinstance(value, ItemDraft):
        line = {name: _plain(part) for name, part in asdict(value).items()}
        if value.product_id is None:
            del line["product_id"]
        return line
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value
