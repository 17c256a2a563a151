"""What orders can tell: reads that are more than a filter."""

from orders.models import EventStream, OrderEvent


def stream_head() -> int:
    """Return the last position of the stream, 0 while it is empty."""
    return EventStream.objects.values_list("last_position", flat=True).get(pk=1)


def stream_after(position: int, *, limit: int) -> list[OrderEvent]:
    """Return the next events of all orders after `position`, in the stream's order."""
    return list(
        OrderEvent.objects.filter(position__gt=position).order_by("position")[:limit]
    )


def stream_of_owner(owner_id: int, *, after: int, limit: int) -> list[OrderEvent]:
    """Return the next events after `after` of the orders of one owner, in the stream's order."""
    return list(
        OrderEvent.objects.filter(owner_id=owner_id, position__gt=after).order_by(
            "position"
        )[:limit]
    )
