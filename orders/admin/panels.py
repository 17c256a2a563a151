"""The panels under an order's form: why it waits, its neighbours, its history, its deliveries.

Each panel is a table with a bounded number of rows, and takes at most two statements.
"""

from typing import Any

from accounts.models import User
from orderchainer.core.admin.panels import MAX_ROWS, Panel, label, panel_of
from orderchainer.core.admin.readers_zone import moment
from orderchainer.core.money import for_people
from orders import queries
from orders.admin.shown import (
    STATE_COLOURS,
    STATUS_COLOURS,
    WAIT_COLOURS,
    next_attempt_of,
    order_link,
    state_of,
    summary_of,
)
from orders.lifecycle import DONE, WAITING
from orders.models import Order, OrderDependency
from orders.stream.models import Event, EventDelivery


def why_it_waits(order: Order, viewer: User) -> Panel:
    """List what holds the order up: its direct blockers, and the orders where the wait begins."""
    blockers = queries.blockers_for(viewer, order.pk).blockers
    return panel_of(
        "Why it waits",
        ("order", "status", "since", "owner", "root"),
        (
            (
                order_link(blocker.id, blocker.title),
                label(blocker.status, STATUS_COLOURS),
                moment(blocker.since),
                blocker.owner.email if blocker.owner else "",
                "the wait begins here" if blocker.is_root else "",
            )
            for blocker in blockers[: MAX_ROWS + 1]
        ),
    )


def items_of(order: Order) -> Panel:
    """List the stored items, for staff whose page was overtaken by another change."""
    return panel_of(
        "Items as they are now",
        ("name", "SKU", "unit price", "quantity"),
        (
            (
                item.name,
                item.sku or "-",
                for_people(item.unit_price, order.currency),
                str(item.quantity),
            )
            for item in order.items.order_by("pk")[: MAX_ROWS + 1]
        ),
        "No items.",
    )


def dependencies_of(order: Order) -> Panel:
    """List the orders that this one depends on, whether it still waits for them or not."""
    edges = OrderDependency.objects.filter(order=order).select_related(
        "depends_on__owner", "waived_by"
    )
    return panel_of(
        "Waits for",
        ("order", "status", "wait", "owner", "waived"),
        (
            (
                order_link(edge.depends_on_id, edge.depends_on.title),
                label(edge.depends_on.status, STATUS_COLOURS),
                label("holds it up", WAIT_COLOURS) if _holds_up(edge, order) else "",
                edge.depends_on.owner.email,
                _waiver_of(edge),
            )
            for edge in edges.order_by("depends_on_id")[: MAX_ROWS + 1]
        ),
        "This order waits for nothing.",
    )


def _holds_up(edge: OrderDependency, order: Order) -> bool:
    return order.status in WAITING and edge.waived_at is None and edge.depends_on.status not in DONE


def _waiver_of(edge: OrderDependency) -> str:
    if edge.waived_at is None:
        return ""
    who = edge.waived_by.email if edge.waived_by else "the failure policy"
    return f"{moment(edge.waived_at)} by {who}: {edge.waiver_reason}"


def dependents_of(order: Order) -> Panel:
    """List the orders that depend on this one."""
    waiting = (
        Order.objects.filter(dependency_edges__depends_on=order)
        .with_ready()
        .select_related("owner")
    )
    return panel_of(
        "Orders that wait for this one",
        ("order", "status", "wait", "owner"),
        (
            (
                order_link(dependent.pk, dependent.title),
                label(dependent.status, STATUS_COLOURS),
                label(wait, WAIT_COLOURS) if (wait := wait_of(dependent)) else "",
                dependent.owner.email,
            )
            for dependent in waiting.order_by("pk")[: MAX_ROWS + 1]
        ),
        "No orders wait for this one.",
    )


def history_of(order: Order) -> Panel:
    """List the events of the order, newest first."""
    events = list(Event.objects.filter(order=order).order_by("-pk")[: MAX_ROWS + 1])
    actors = User.objects.in_bulk({event.actor_id for event in events} - {None})
    return panel_of(
        "History",
        ("when", "event", "what", "who"),
        (
            (
                moment(event.created_at),
                event.type,
                summary_of(event),
                _who(event, actors),
            )
            for event in events
        ),
    )


def _who(event: Event, actors: dict[int, User]) -> str:
    if event.actor_id is None:
        source: str = event.data.get("cause", {}).get("source", "the chain")
        return source
    actor = actors.get(event.actor_id)
    return actor.email if actor else f"user {event.actor_id}"


def deliveries_of(order: Order) -> Panel:
    """List the deliveries of the order's events, newest first."""
    rows = EventDelivery.objects.filter(event__order=order).select_related("event")
    return panel_of(
        "Deliveries",
        (
            "subscriber",
            "target",
            "event",
            "state",
            "attempts",
            "next attempt",
            "last error",
        ),
        (
            (
                row.subscriber,
                row.target or "-",
                row.event.type,
                label(state_of(row), STATE_COLOURS),
                str(row.attempts),
                moment(next_at) if (next_at := next_attempt_of(row)) else "-",
                row.last_error or "-",
            )
            for row in rows.order_by("-event_id", "pk")[: MAX_ROWS + 1]
        ),
        "No deliveries: no subscriber wanted these events.",
    )


def wait_of(order: Any) -> str | None:
    """Return `ready` or `waits` for an order that has not begun, by its annotation `ready`."""
    if order.status not in WAITING:
        return None
    return "ready" if order.ready else "waits"
