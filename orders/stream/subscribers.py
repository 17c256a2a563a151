"""Subscribers: the higher apps that receive events.

A service records a fact with `record` in the transaction of the change; `relay` gives it its place
in the stream after the commit. Higher apps register a `Subscriber` in `AppConfig.ready`; orders
know it only by its name.
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
    "Wanted",
    "stream_advanced",
    "subscribe",
    "subscriber_named",
    "subscribers",
]

# Sent after the stream has grown, with `position`, its new last position. It only wakes listeners.
# They read the events by position, because a signal may be lost, merged or late.
stream_advanced = Signal()


# An event and the target that it is for: a short text that only the subscriber understands.
Wanted = tuple["Event", str]


class Deliver(Protocol):
    """Bring one event to one target; may block for seconds, runs outside of any transaction.

    Returning means delivered. Raises `TryAgain`, `GiveUp` or `Drop` otherwise. Called at least
    once: a receiver recognises repeats by the event's `event_id`. The target is empty if `wants`
    failed; the receiver then has to find out who wants the event.
    """

    def __call__(self, event: "Event", target: str, /) -> None: ...


@dataclass(frozen=True)
class Subscriber:
    """Someone who gets events delivered, each with its own row, attempts and last error.

    `wants` gets a batch of new events and returns those to deliver, each with its target. One event
    may go to several targets. It runs in the relay's transaction, so it must not block, must use a
    bounded number of queries, and writes nothing.
    """

    name: str
    wants: Callable[[Sequence["Event"]], Iterable[Wanted]]
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
    """Return the subscriber of that name, or None if only an older release had it."""
    return _subscribers.get(name)
