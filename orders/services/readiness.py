"""What happens when nothing holds an order up any more."""

from django.utils import timezone

from orders.lifecycle import EventType, Status, Waits, blockers_among
from orders.models import Order
from orders.stream.models import Event
from orders.stream.recording import event


def what_readiness_brings(
    order: Order, *, old_status: str | None, old_waits: Waits, waits: Waits
) -> list[Event]:
    """Return the events that follow if `order` is ready, and no events if it is not.

    `old_waits` and `old_status` are from before the change; `order` and `waits` are from after it.
    `old_status` is None for a new order. A ready order that is set to auto-activate becomes active
    in memory; the caller stores it. `order_ready` is among the events only if the order was not
    ready before and has, or had, something to wait for.
    """
    if order.status != Status.PENDING or blockers_among(order.status, waits):
        return []
    was_ready = old_status == Status.PENDING and not blockers_among(old_status, old_waits)
    tells = bool(old_waits or waits) and not was_ready
    return [*([event(EventType.READY, order)] if tells else []), *_activation(order)]


def _activation(order: Order) -> list[Event]:
    """Activate a ready order in memory if it is set to auto-activate, and return the event."""
    if not order.auto_activate:
        return []
    old = str(order.status)
    order.status = Status.ACTIVE
    order.status_changed_at = timezone.now()
    return [
        event(
            EventType.STATUS_CHANGED,
            order,
            old_status=old,
            new_status=str(Status.ACTIVE),
        )
    ]
