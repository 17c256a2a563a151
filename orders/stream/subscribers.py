"""The facts that orders record, and who hears them.

A service records a fact with `record` in the transaction of the change; `relay` gives it its place in
the stream after the commit. Higher apps register a `Subscriber` in `AppConfig.ready`; orders know it
by its name alone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from django.dispatch import Signal

from orderchainer.core.outbox import Drop, GiveUp, TryAgain

if TYPE_CHECKING:
    from orders.stream.models import Event


__all__ = [
    "Deliver",
    "Drop",
    "GiveUp",
    "Subscriber",
    "TryAgain",
    "stream_advanced",
    "subscribe",
    "subscriber_named",
    "subscribers",
]

# Sent after the stream has grown, with `position`, its new last position. A listener is only woken:
# it reads the events by position, since wake-ups may be lost, merged or late.
stream_advanced = Signal()


class Deliver(Protocol):
    """Bring one event to its addressee; may block for seconds, runs outside of any transaction.

    Returning means delivered. Raises `TryAgain`, `GiveUp` or `Drop` otherwise. Called at least once:
    the event's `event_id` is what a receiver drops repeats by.
    """

    def __call__(self, event: "Event", /) -> None: ...


@dataclass(frozen=True)
class Subscriber:
    """Someone who gets events delivered, each with its own row, attempts and last error.

    `wants` picks from a batch of fresh events those to deliver, in a bounded number of queries; it
    runs in the relay's transaction, so it must not block.
    """

    name: str
    wants: Callable[[Sequence["Event"]], Iterable["Event"]]
    deliver: Deliver


_subscribers: dict[str, Subscriber] = {}


def subscribe(subscriber: Subscriber) -> None:
    """Register `subscriber` for every event from now on, in every process that starts."""
    known = _subscribers.get(subscriber.name)
    if known is not None and known != subscriber:
        msg = f"two subscribers call themselves {subscriber.name!r}"
        raise ValueError(msg)
    _subscribers[subscriber.name] = subscriber


def subscribers() -> Sequence[Subscriber]:
    """Return all subscribers, in the order of their registration."""
    return tuple(_subscribers.values())


def subscriber_named(name: str) -> Subscriber | None:
    """Return the subscriber of that name, or None where an older release knew it."""
    return _subscribers.get(name)
