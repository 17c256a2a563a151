"""The messages that a socket gets: those of the shop document about orders, and more.

Every message has `type` and `message` (a sentence for people). It also has `event_id`, to drop
repeats, and `position`, to resume after. A message about an order has its `order_id`; every other
one has `subject_kind` and `subject_id`. The fields that the document shows come first. All
listeners get the same bytes, so a message about an order contains only what both its customer and
its merchant may know. `docs/websocket.md` shows each.

The messages about orders are made here. An app above registers a function for each type of its own
events in `MESSAGES`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import orjson
import structlog

from orderchainer.core.registry import Registry
from orderchainer.core.sockets import text_frame
from orders.lifecycle import EventType
from orders.stream.models import Event

logger = structlog.get_logger(__name__)

# The shop document's names for two of our events; the others go by their own.
TYPE_ON_THE_WIRE: Mapping[str, str] = {
    EventType.CREATED: "order_notification",
    EventType.STATUS_CHANGED: "order_status_update",
}


Details = dict[str, object]

# By type of event: what its message has besides what all have. `message` must be part of it.
MESSAGES: Registry[str, Callable[[Event], Details]] = Registry("message")


@dataclass(frozen=True)
class Message:
    """An event as its listeners get it, encoded once for all of them and all feeds."""

    position: int
    text: bytes

    @cached_property
    def frame(self) -> bytes:
        """The text as a WebSocket frame."""
        return text_frame(self.text)


def message_of(event: Event) -> Message:
    """Encode `event`, which must have its position from the relay."""
    assert event.position is not None
    return Message(event.position, orjson.dumps(body_of(event)))


def body_of(event: Event) -> dict[str, object]:
    """Return the body of the message about `event`, by its type.

    An unknown type or payload still gives a message, only a plainer one, because a listener must
    get every position.
    """
    try:
        details = MESSAGES[event.type](event)
    except (KeyError, TypeError, ValueError):
        logger.exception("event_not_understood", event_id=str(event.event_id))
        changed = f"Order #{event.order_id}" if event.is_of_order else "Something"
        details = {"message": f"{changed} changed"}
    return {
        "type": TYPE_ON_THE_WIRE.get(event.type, event.type),
        **_subject_of(event),
        **details,
        "event_id": str(event.event_id),
        "position": event.position,
    }


def _subject_of(event: Event) -> Details:
    if event.is_of_order:
        return {"order_id": event.order_id}
    linked = {} if event.order_id is None else {"order_id": event.order_id}
    return {"subject_kind": event.subject_kind, "subject_id": str(event.subject_uuid), **linked}


# More fields about a new order, if the event has them; a checkout's event has all of them.
_TOLD_OF_NEW = ("title", "provider", "total_price", "currency", "total_items")


def _created(event: Event) -> Details:
    return {
        "message": "Order created successfully",
        "owner_id": event.owner_id,
        **{name: event.data[name] for name in _TOLD_OF_NEW if name in event.data},
    }


def _status_changed(event: Event) -> Details:
    old, new = event.data["old_status"], event.data["new_status"]
    return {
        "old_status": old,
        "new_status": new,
        "message": f"Order #{event.order_id} status updated from {old} to {new}",
    }


def _updated(event: Event) -> Details:
    fields = sorted(event.data["changes"])
    return {
        "changes": fields,
        "message": f"Order #{event.order_id} changed: {', '.join(fields)}",
    }


def _ready(event: Event) -> Details:
    return {"message": f"Order #{event.order_id} is ready: it no longer waits for any other order"}


def _blocked(event: Event) -> Details:
    blockers: list[int] = list(event.data["blockers"])
    return {
        "blockers": blockers,
        "message": f"Order #{event.order_id} is blocked by {_some(blockers)}",
    }


def _waived(event: Event) -> Details:
    dependency: int = event.data["dependency"]
    return {
        "dependency": dependency,
        "reason": event.data["reason"],
        "message": f"Order #{event.order_id} no longer waits for #{dependency}",
    }


def _deleted(event: Event) -> Details:
    return {"message": f"Order #{event.order_id} was deleted"}


def _some(order_ids: Sequence[int], *, at_most: int = 5) -> str:
    named = ", ".join(f"#{order_id}" for order_id in order_ids[:at_most])
    left = len(order_ids) - at_most
    return f"{named} and {left} more" if left > 0 else named


MESSAGES.add(EventType.CREATED, _created)
MESSAGES.add(EventType.STATUS_CHANGED, _status_changed)
MESSAGES.add(EventType.UPDATED, _updated)
MESSAGES.add(EventType.READY, _ready)
MESSAGES.add(EventType.BLOCKED, _blocked)
MESSAGES.add(EventType.DEPENDENCY_WAIVED, _waived)
MESSAGES.add(EventType.DELETED, _deleted)
