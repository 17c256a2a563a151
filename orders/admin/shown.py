"""How the admin shows orders, events and deliveries: labels, links and one-line summaries."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from orderchainer.core.admin.panels import link
from orders.errors import numbered
from orders.lifecycle import EventType, Status
from orders.stream.models import Event, EventDelivery
from orders.stream.types import sentence_of

# The names of colours in the admin's theme. Statuses without one are grey.
STATUS_COLOURS: Mapping[str, str] = {
    Status.PENDING: "info",
    Status.ACTIVE: "primary",
    Status.SHIPPED: "warning",
    Status.FULFILLED: "success",
    Status.COMPLETED: "success",
    Status.FAILED: "danger",
}
WAIT_COLOURS = {"ready": "success", "waits": "warning", "holds it up": "warning"}
# What is shown for a pending delivery that a worker is trying right now.
IN_FLIGHT = "being sent"
STATE_COLOURS: Mapping[str, str] = {
    EventDelivery.State.PENDING: "info",
    IN_FLIGHT: "warning",
    EventDelivery.State.SENT: "success",
    EventDelivery.State.FAILED: "danger",
}


def order_link(order_id: int, title: str | None) -> SafeString:
    """Return a link to an order's page, followed by its title."""
    url = reverse("admin:orders_order_change", args=[order_id])
    return format_html("{} {}", link(url, f"#{order_id}"), title or "")


def state_of(delivery: EventDelivery) -> str:
    """Return how a delivery stands, and whether a worker is at it."""
    return IN_FLIGHT if delivery.is_in_flight else delivery.state


def next_attempt_of(delivery: EventDelivery) -> datetime | None:
    """Return when a delivery is tried again; None if it is being tried or has come to an end."""
    if delivery.state != EventDelivery.State.PENDING or delivery.is_in_flight:
        return None
    return delivery.next_attempt_at


def links(orders: Iterable[tuple[int, str]]) -> SafeString:
    """Return links to orders, given as (id, title), one per line."""
    return mark_safe("<br>".join(order_link(pk, title) for pk, title in orders))  # links are safe


def summary_of(event: Event) -> str:
    """Return one line with what an event says beyond its type."""
    if not event.is_of_order:
        return sentence_of(event)
    data = event.data
    parts: list[str] = []
    match event.type:
        case EventType.CREATED if data.get("dependencies"):
            parts.append(f"waits for {numbered(data['dependencies'])}")
        case EventType.UPDATED:
            parts.append(", ".join(sorted(data.get("changes", {}))))
        case EventType.STATUS_CHANGED:
            parts.append(f"{data.get('old_status')} → {data.get('new_status')}")
        case EventType.BLOCKED:
            parts.append(f"by {numbered(data.get('blockers', []))}")
        case EventType.DEPENDENCY_WAIVED:
            parts.append(f"#{data.get('dependency')}: {data.get('reason')}")
    if cause := data.get("cause"):
        parts.append(reason_in(cause))
    return ", ".join(parts)


def reason_in(cause: Mapping[str, int | str]) -> str:
    """Return why something happened that no user did."""
    if source := cause.get("source"):
        why = f": {cause['reason']}" if "reason" in cause else ""
        return f"told by {source}{why}"
    return f"since #{cause['order_id']} is {cause['status']}"
