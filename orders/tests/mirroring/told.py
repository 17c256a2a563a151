"""What tests of mirrored orders look up."""

from orders.models import Order
from orders.stream.models import Event

# Who an event names as the cause of what the shop told.
SHOPIFY = {"source": "shopify"}


def stored(order: Order) -> Order:
    """Return the order as it is stored now."""
    return Order.objects.get(pk=order.pk)


def last_event_of_type(order: Order, type_: str) -> Event:
    """Return the newest event of that type about an order."""
    return Event.objects.filter(order=order, type=type_).latest("pk")


def last_event(order: Order) -> Event:
    """Return the newest event about an order."""
    return Event.objects.filter(order=order).latest("pk")
