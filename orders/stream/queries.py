"""Read the stream: its last position, and the events after a position."""

from collections.abc import Collection

from orders.stream.models import Event, EventStream


def stream_head() -> int:
    """Return the last position of the stream, 0 if it is empty."""
    return EventStream.objects.values_list("last_position", flat=True).first() or 0


def stream_after(position: int, *, limit: int) -> list[Event]:
    """Return the next events of all projects after `position`, in the stream's order."""
    return list(Event.objects.after(position)[:limit])


def stream_of_owner(owner_id: int, *, after: int, limit: int) -> list[Event]:
    """Return the next events after `after` of the orders of one owner, in the stream's order."""
    events = Event.objects.of_orders().filter(owner_id=owner_id, position__gt=after)
    return list(events.order_by("position")[:limit])


def stream_of_project(
    project_id: int, kinds: Collection[str], *, after: int, limit: int
) -> list[Event]:
    """Return a project's next events after `after` about subjects of these kinds, in the stream's
    order.
    """
    events = Event.objects.filter(
        project_id=project_id, position__gt=after, subject_kind__in=list(kinds)
    )
    return list(events.order_by("position")[:limit])
