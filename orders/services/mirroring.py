"""Orders from outside: a shop, or another source, tells us what its orders look like now.

The source decides what such a mirrored order looks like. What it told last holds, and it may make
moves that a person cannot make. When a person moves the order here, that holds until the source
tells something newer. Title and notes are different: they follow the source until somebody changes
them here. The source knows nothing of chains, so only we decide what the order waits for.

The messages of a source come twice, late and in any order, so each state has a moment. An older
state changes nothing, and neither does the same state again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Any, TypeVar

from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, Field, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone

from accounts.models import Project, User
from orderchainer.core.db.among import among
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.money import as_written, written
from orders.errors import OrderNotFound
from orders.graph import Walk
from orders.lifecycle import DONE, GONE_WRONG, EventType, Status, Waits, blockers_among
from orders.models import Order, OrderDependency, listed_items
from orders.services.chains import (
    Propagation,
    columns_of_move,
    decide,
    failed_along_among,
    reach_of,
)
from orders.services.fields import OF_CUSTOMER, set_values
from orders.services.handing_over import hold_owner
from orders.services.holding import can_take_again, follow_the_moves
from orders.services.items import ItemDraft, changed_items, rewrite_items, write_items
from orders.services.locking import LockedReach, lock_reach
from orders.services.outside import OutsideOrder, digest_of, is_external_id, storable
from orders.services.readiness import what_readiness_brings
from orders.stream.models import Event
from orders.stream.recording import event, record

# How often we try, because another writer may be faster. Each time we fail, that writer has stored
# something, so we need this many attempts only if something else is wrong.
MAX_ATTEMPTS = 20
# The key in an order's details that says when its source deleted it.
DELETED_AT = "deleted_at"

T = TypeVar("T")


class Outcome(Enum):
    """What a source's news did to an order."""

    CREATED = auto()
    CHANGED = auto()
    UNCHANGED = auto()


@dataclass(frozen=True)
class Mirrored:
    """An order as we store it, and what the news of its source did to it."""

    order: Order
    outcome: Outcome


def mirror_order(*, project: Project, owner: User, provider: str, told: OutsideOrder) -> Mirrored:
    """Create or change the order of `project` that `provider` calls `told.external_id`.

    `owner` becomes the owner of a new order, while they are a member of the project; afterwards it
    belongs to an owner of the project. If we know this state already, or a newer one, nothing
    changes. Everything is one transaction of at most six statements, however many orders the move
    reaches: read, lock, read again under the locks, and one write each for orders, items and
    events. There is one more if some items change while others come or go, one if `owner` has left,
    and a few if orders fail along or come back.

    Records `order_created`, or `order_updated` and `order_status_changed`, with the `cause`
    `{"source": provider}` and no actor; then what follows for the orders that wait for it. Raises
    `OutsideOrderRefused`.
    """
    told = storable(told)

    def attempt() -> Mirrored:
        known = _read(project, provider, told.external_id)
        if known is None:
            order = _create(project, owner, provider, told)
            return Mirrored(order, Outcome.CREATED)
        if not _is_news(known.order, told):
            return Mirrored(known.order, Outcome.UNCHANGED)
        is_changed = _follow(known, told, {"source": provider})
        return Mirrored(known.order, Outcome.CHANGED if is_changed else Outcome.UNCHANGED)

    return _until_nobody_is_faster(attempt)


def cancel_deleted_order(
    *, project: Project, provider: str, external_id: str, at: datetime
) -> bool:
    """Cancel an order that its source deleted `at` that moment; return whether that changed it.

    It is one transaction, as in `mirror_order`. Nothing changes if we do not know the order, or if
    we know something newer of it. Records `order_updated` and `order_status_changed`, with the
    `cause` `{"source": provider, "reason": "deleted"}`, and what follows.
    """

    def attempt() -> bool:
        known = _read(project, provider, external_id) if is_external_id(external_id) else None
        if known is None or _is_older(at, known.order) or DELETED_AT in known.order.source_details:
            return False
        cause = {"source": provider, "reason": "deleted"}
        return _follow(known, _as_deleted(known, at), cause)

    return _until_nobody_is_faster(attempt)


def _until_nobody_is_faster(attempt: Callable[[], T]) -> T:
    """Run `attempt` in a transaction, and again if another writer changed the order meanwhile.

    We read without a lock and compare when we write. A source mostly tells what we know already,
    and then one statement is enough.
    """
    for _ in range(MAX_ATTEMPTS - 1):
        try:
            with transaction.atomic():
                return attempt()
        except _OvertakenError:
            continue
    with transaction.atomic():
        return attempt()


class _OvertakenError(Exception):
    """Another writer was faster. What we read is no longer true."""


# --- what we know -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """An order as one statement read it, without a lock."""

    order: Order
    # By their ids, ascending, which is their sequence.
    items: Mapping[int, ItemDraft]
    waits: Waits
    has_dependents: bool


_COLUMNS = [column.attname for column in Order._meta.concrete_fields]


@prepared
def _rows(project_id: int, provider: str, external_id: str) -> QuerySet[Order, Row]:
    dependents = OrderDependency.objects.filter(depends_on=OuterRef("pk"))
    orders = Order.objects.filter(project=project_id, provider=provider, external_id=external_id)
    rows: QuerySet[Order, Row] = (
        orders.with_waits()
        .annotate(
            lines=listed_items(id="pk", product_id="product_id"),
            a_dependent=Subquery(dependents.values("pk")[:1]),
        )
        .values(*_COLUMNS, "waits", "lines", "a_dependent")
    )
    return rows


def _read(project: Project, provider: str, external_id: str) -> _Known | None:
    for row in _rows(project.pk, str(provider), external_id):
        order = Order.from_db(connection.alias, _COLUMNS, [row[name] for name in _COLUMNS])
        return _Known(
            order=order,
            items={line.pop("id"): _draft(line, order.currency) for line in row["lines"]},
            waits=row["waits"],
            has_dependents=row["a_dependent"] is not None,
        )
    return None


def _draft(line: dict[str, Any], currency: str) -> ItemDraft:
    price = as_written(Decimal(line["unit_price"]), currency)
    return ItemDraft(**{**line, "unit_price": price})


def _is_news(order: Order, told: OutsideOrder) -> bool:
    """Tell whether `told` is newer than what we know of `order`.

    Sources count in seconds, and an order is often made, paid and tagged within one second. So two
    states can have the same moment. If we have just asked the source for one of them, we take that
    one. Otherwise we take the one whose status is further along.
    """
    if order.source_updated_at != told.updated_at:
        return not _is_older(told.updated_at, order)
    if told.is_current:
        return digest_of(told) != order.source_digest
    return _progress(told.status) > _progress(order.source_status)


def _is_older(moment: datetime, order: Order) -> bool:
    return order.source_updated_at is not None and moment < order.source_updated_at


def _progress(status: str) -> int:
    return list(Status).index(Status(status))


# --- a new order ------------------------------------------------------------------------------


def _create(project: Project, owner: User, provider: str, told: OutsideOrder) -> Order:
    order = Order(
        owner=hold_owner(project, owner),
        project=project,
        provider=provider,
        external_id=told.external_id,
        status=told.status,
        status_changed_at=min(told.updated_at, timezone.now()),
    )
    set_values(order, _values_for(order, told))
    _note_source(order, told)
    try:
        order.save(force_insert=True)
    except IntegrityError as exc:
        # Somebody else has just stored this order. A constraint makes it unique.
        raise _OvertakenError from exc
    write_items(order, told.items)
    record(
        [
            event(
                EventType.CREATED,
                order,
                dependencies=[],
                provider=provider,
                total_price=written(order.total_price, order.currency),
                currency=order.currency,
                total_items=sum(item.quantity for item in told.items),
                cause={"source": provider},
            )
        ]
    )
    return order


# --- a change ---------------------------------------------------------------------------------

# The columns that a change stores besides those of `_values_for`.
_ALONG = (
    *("source_updated_at", "source_status", "source_digest", "source_title", "source_notes"),
    *("status", "status_changed_at", "failed_along_with", "version", "updated_at"),
)
_SAME_FOR_ALL_THAT_MOVE = ("failed_along_with", "version", "updated_at")


def _follow(known: _Known, told: OutsideOrder, cause: Mapping[str, str]) -> bool:
    """Change the order to what its source tells; return whether more than its moment changed."""
    order, was = known.order, str(known.order.status)
    as_read = _as_read(order)
    status = _status_for(known, told)
    reach = reach_of(order.pk, status, was=was) if status != was else None
    locked = _lock_chain(known, status, reach)

    values = _values_for(order, told)
    items = list(known.items.values())
    changes = set_values(order, values) | changed_items(items, told.items)
    _note_source(order, told)
    events: list[Event] = []
    if changes:
        events.append(event(EventType.UPDATED, order, changes=changes, cause=cause))
    if status != was:
        waits = locked.waits_of(order.pk) if locked else known.waits
        events += _move(order, status, told.updated_at, waits, cause)
    if events:
        order.version += 1
        order.updated_at = timezone.now()
        order.failed_along_with = None
    others = _decide_for_others(order, was, locked)

    if not _store(order, as_read, (*values, *_ALONG), others.activated if others else ()):
        raise _OvertakenError
    if "items" in changes:
        rewrite_items(order, known.items, told.items)
    if reach and not locked:
        _require_no_dependents(order)
    if others:
        _move_the_others(order, was, others, events)
    else:
        record(events)
    return bool(events)


def _as_read(order: Order) -> Q:
    """Return a condition that the order's row meets if nobody has changed it since we read it."""
    return Q(version=order.version, source_updated_at=order.source_updated_at)


def _store(order: Order, as_read: Q, columns: Sequence[str], activated: Sequence[int]) -> bool:
    """Store `columns` of the order, and make the `activated` orders active, with one statement.

    The statement locks the order. Return False if another writer was faster, which has changed it
    since it was `as_read`.
    """
    mine = {name: getattr(order, name) for name in columns}
    if not activated:
        return bool(Order.objects.filter(as_read, pk=order.pk).update(**mine))
    both = columns_of_move(Status.ACTIVE, order.updated_at)
    for name, value in mine.items():
        if name in _SAME_FOR_ALL_THAT_MOVE:
            continue
        column = _column(name)
        other = Value(both[name], output_field=column) if name in both else F(name)
        both[name] = Case(When(pk=order.pk, then=Value(value, output_field=column)), default=other)
    rows = Order.objects.filter(~Q(pk=order.pk) | as_read, pk__in=among([order.pk, *activated]))
    return rows.update(**both) == 1 + len(activated)


def _column(name: str) -> Field[Any, Any]:
    column = Order._meta.get_field(name)
    assert isinstance(column, Field)
    return column


def _status_for(known: _Known, told: OutsideOrder) -> Status:
    """Return the status that the order gets.

    If the source says pending, an active order that would activate itself at once stays active.
    """
    order = known.order
    is_free = order.auto_activate and not blockers_among(Status.PENDING, known.waits)
    if told.status == Status.PENDING and order.status == Status.ACTIVE and is_free:
        return Status.ACTIVE
    return told.status


def _lock_chain(known: _Known, status: Status, reach: Walk | None) -> LockedReach | None:
    """Lock the order and all others that its move to `status` reaches, if there are any.

    Otherwise, and if its own dependencies do not matter either, the lock of the statement that
    stores the change is enough.
    """
    order = known.order
    wakes = bool(known.waits) and status == Status.PENDING != order.status
    if not ((reach and known.has_dependents) or wakes):
        return None
    try:
        locked = lock_reach(order.pk, reach)
    except OrderNotFound as exc:
        raise _OvertakenError from exc
    if locked is None:
        raise _OvertakenError
    return replace(locked, orders={**locked.orders, order.pk: order})


def _move(
    order: Order, status: Status, moment: datetime, waits: Waits, cause: Mapping[str, str]
) -> list[Event]:
    """Set the status, even if people could not make this move; return the events."""
    was = str(order.status)
    order.status = status
    order.status_changed_at = min(moment, timezone.now())
    moved = event(
        EventType.STATUS_CHANGED, order, old_status=was, new_status=str(status), cause=cause
    )
    return [
        moved,
        *what_readiness_brings(order, old_status=was, old_waits=waits, waits=waits),
    ]


def _require_no_dependents(order: Order) -> None:
    """Start again if an order has begun to wait for this one since we read it.

    From here on nobody can, because whoever adds a dependent locks the order.
    """
    if OrderDependency.objects.filter(depends_on=order).exists():
        raise _OvertakenError


def _decide_for_others(order: Order, was: str, locked: LockedReach | None) -> Propagation | None:
    """Decide what the move does to the orders that wait for this one; None if it reaches no other.

    Orders that failed along with it come back with it, if all of them can take their stock again.
    Otherwise they stay failed. A person would be told what is missing, but a source cannot wait.
    """
    if locked is None or len(locked.orders) == 1:
        return None
    chain = locked.orders
    if was in GONE_WRONG and order.status not in GONE_WRONG:
        returning = failed_along_among(chain, order.pk)
        if returning and not can_take_again(returning):
            chain = {pk: each for pk, each in chain.items() if pk not in returning}
    return decide(order, was, chain, locked.edges)


def _move_the_others(order: Order, was: str, others: Propagation, events: Sequence[Event]) -> None:
    """Store the moves of the other orders, and record the `events` of this one before theirs."""
    others.write_without_activated()
    record([*events, *others.events])
    # A mirrored order holds no stock of ours, but the orders that follow it may.
    if others.failed or others.returned:
        follow_the_moves(order, was, failed=others.failed, returned=others.returned)


# --- what the source tells, column by column --------------------------------------------------


def _values_for(order: Order, told: OutsideOrder) -> dict[str, object]:
    """Return the columns of `order` that follow the source, with the values that it tells."""
    values: dict[str, object] = {
        "total_price": told.total,
        "currency": told.currency,
        "link": told.link,
        "ordered_at": told.ordered_at,
        "fulfilled_at": _fulfilled_at(order, told),
        "is_test": told.is_test,
        "source_details": dict(told.details),
    }
    if order.customer_erased_at is None:
        values |= {name: getattr(told, name) for name in OF_CUSTOMER}
    if order.title == order.source_title:
        values["title"] = told.title
    if order.notes == order.source_notes:
        values["notes"] = _notes_for(order, told)
    return values


def _note_source(order: Order, told: OutsideOrder) -> None:
    """Note what the source told, so that we can tell it from what people change here."""
    order.source_updated_at = told.updated_at
    order.source_status = told.status
    order.source_digest = digest_of(told)
    order.source_title = told.title
    order.source_notes = _notes_for(order, told)


def _notes_for(order: Order, told: OutsideOrder) -> str:
    """Return the source's notes, which are the customer's own words in most shops."""
    return told.notes if order.customer_erased_at is None else ""


def _fulfilled_at(order: Order, told: OutsideOrder) -> datetime | None:
    """Return when the order was fulfilled: as told, or else when we first heard that it was."""
    if told.fulfilled_at is not None or told.status not in DONE:
        return told.fulfilled_at
    return order.fulfilled_at or told.updated_at


def _as_deleted(known: _Known, at: datetime) -> OutsideOrder:
    """Return what a source would tell of an order that it deleted: the same, but cancelled."""
    order = known.order
    return OutsideOrder(
        external_id=order.external_id,
        title=order.source_title,
        status=Status.CANCELLED,
        updated_at=at,
        ordered_at=order.ordered_at,
        currency=order.currency,
        total=order.total_price,
        items=list(known.items.values()),
        customer_name=order.customer_name,
        customer_email=order.customer_email,
        customer_phone=order.customer_phone,
        shipping_address=order.shipping_address,
        notes=order.source_notes,
        link=order.link,
        is_test=order.is_test,
        fulfilled_at=order.fulfilled_at,
        details={**order.source_details, DELETED_AT: at.isoformat()},
    )
