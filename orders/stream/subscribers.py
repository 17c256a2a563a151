"""The facts that orders record, and who hears them.

A service records a fact with `record` in the transaction of the change; `relay` gives it its place in
the stream after the commit. Higher apps register a `Subscriber` in `AppConfig.ready`; orders know it
by its name alone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from django.dispatch import Signal

if TYPE_CHECKING:
    from orders.stream.models import Event


# Sent after the stream has grown, with `position`, its new last position. A listener is only woken:
# it reads the events by position, since wake-ups may be lost, merged or late.
stream_advanced = Signal()


class TryAgain(Exception):  # an outcome that a subscriber reports, not a defect
    """A delivery did not work and may later. `after_seconds` is the other side's own wish, if any.

    `counts` is False where the other side merely asked to wait: that is no failed attempt.
    """

    def __init__(
        self, reason: str, *, after_seconds: float | None = None, counts: bool = True
    ) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds
        self.counts = counts


class GiveUp(Exception):  # see TryAgain
    """A delivery did not work and never will; the reason is kept with it."""


class Drop(Exception):  # see TryAgain
    """A delivery is no longer wanted: its addressee is gone or switched off."""


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
