"""What happens when nothing holds an order up any more."""

from django.utils import timezone

from orders.lifecycle import EventType, Status
from orders.models import Order
from orders.stream.models import Event
from orders.stream.recording import event


def becoming_ready(order: Order) -> list[Event]:
    """Return the events of a pending order that became ready, and activate it if it wants that.

    Changes `order` in memory; the caller stores it.
    """
    return [event(EventType.READY, order), *activation(order)]


def activation(order: Order) -> list[Event]:
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
