"""The relay: give committed events their positions, and write deliveries for the subscribers.

An event is written in the transaction of its change, and transactions commit in any order. If
events were numbered when they are written, a reader could pass a number whose event appears later.
So one relay at a time numbers them here, once they are visible. A reader that has read up to N has
missed nothing before N.
"""

import math
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import structlog
from django.db import Error, InterfaceError, OperationalError, connection, transaction

from orders.stream.deliveries import due_deliveries
from orders.stream.models import (
    MAX_TARGET_LENGTH,
    DeliveryTarget,
    Event,
    EventDelivery,
)
from orders.stream.positions import lock_stream
from orders.stream.subscribers import Subscriber, Wanted, stream_advanced, subscribers

logger = structlog.get_logger(__name__)

BATCH_SIZE = 1000

# Each statement after the lock sees all that earlier relays committed. The ids of one subject's
# events rise in the order of its changes, since each was written under the subject's lock. So do
# their positions.
ASSIGN_POSITIONS = """
    UPDATE orders_event AS event SET position = %s + fresh.number
    FROM (
        SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS number FROM (
            SELECT id FROM orders_event WHERE position IS NULL ORDER BY id LIMIT %s
        ) AS batch
    ) AS fresh
    WHERE event.id = fresh.id
"""


@dataclass(frozen=True)
class Relayed:
    """How many events got their place, and the deliveries to try now: one for each target.

    If not `is_complete`, the time was up and events are left.
    """

    count: int
    deliveries: list[int]
    is_complete: bool = True


class Pace:
    """Keeps the batches of a process a number of seconds apart.

    A batch costs about the same for one event as for ten. So a lone event is relayed at once, and
    those of a busy time wait a moment for each other.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next_at = 0.0

    def waited(self) -> bool:
        """Wait until the next batch may begin. Return whether that took any time."""
        now = time.monotonic()
        if now < self._next_at:
            time.sleep(self._next_at - now)
            return True
        self._next_at = now + self._seconds
        return False


def relay_events(pace: Pace | None = None, *, seconds: float = math.inf) -> Relayed:
    """Give every committed event its position and its deliveries, at once or at a pace.

    In a busy time new events may come without an end, so it begins no batch after `seconds`, except
    for the first one. Safe to call at any time, by any number of processes at once.
    """
    ends_at = time.monotonic() + seconds
    is_over = False
    count = 0
    due: dict[int, None] = {}
    broken: set[str] = set()
    while Event.objects.filter(position=None).exists():
        if is_over:
            return Relayed(count, list(due), is_complete=False)
        # After a wait look again: another process may have relayed them meanwhile.
        if pace is None or not pace.waited():
            try:
                events, deliveries = _relay_batch(broken)
            except PickingFailed as exc:
                # All that the batch has done is undone with its transaction.
                broken.add(exc.subscriber)
                continue
            if events:
                count += len(events)
                stream_advanced.send_robust(sender=None, position=events[-1].position)
            if deliveries:
                due.update(dict.fromkeys(due_deliveries(deliveries, limit=BATCH_SIZE)))
        is_over = time.monotonic() >= ends_at
    return Relayed(count, list(due))


class PickingFailed(Exception):
    """A subscriber's query failed while it picked events, which spoils the whole transaction."""

    def __init__(self, subscriber: str) -> None:
        super().__init__(subscriber)
        self.subscriber = subscriber


@transaction.atomic
def _relay_batch(broken: Collection[str]) -> tuple[list[Event], list[EventDelivery]]:
    stream = lock_stream()
    with connection.cursor() as cursor:
        cursor.execute(ASSIGN_POSITIONS, [stream.last_position, BATCH_SIZE])
    # The limit changes nothing but PostgreSQL's plan: without it, it may read the whole table.
    events = list(Event.objects.after(stream.last_position)[:BATCH_SIZE])
    if not events:
        return [], []
    assert events[-1].position == stream.last_position + len(events)
    stream.last_position = events[-1].position
    stream.save(update_fields=["last_position"])
    deliveries = [
        EventDelivery(
            event=event,
            subject_uuid=event.subject_uuid,
            subscriber=subscriber.name,
            target=target,
        )
        for subscriber in subscribers()
        for event, target in (
            _untargeted(events) if subscriber.name in broken else _wanted_by(subscriber, events)
        )
    ]
    targets = {(delivery.subscriber, delivery.target) for delivery in deliveries}
    DeliveryTarget.objects.bulk_create(
        [DeliveryTarget(subscriber=name, target=target) for name, target in targets],
        ignore_conflicts=True,
    )
    return events, EventDelivery.objects.bulk_create(deliveries)


def _wanted_by(subscriber: Subscriber, events: list[Event]) -> Iterable[Wanted]:
    """Return the events that `subscriber` picks, each with its target.

    If picking fails, return all events with an empty target; `deliver` drops the unwanted ones.
    Raises `PickingFailed` if a query failed for another reason than a lost connection.
    """
    try:
        # Picking only reads, so a defect leaves nothing to roll back. A savepoint for each
        # subscriber would be half of the statements of a small batch.
        wanted = dict.fromkeys(subscriber.wants(events))
        if any(len(target) > MAX_TARGET_LENGTH for _, target in wanted):
            raise ValueError(f"a target is longer than {MAX_TARGET_LENGTH}")
        return wanted
    except (OperationalError, InterfaceError):
        raise
    # A defect in one subscriber must not stop the stream for the others, nor lose its own events.
    except Error as exc:
        logger.exception("subscriber_failed", subscriber=subscriber.name)
        raise PickingFailed(subscriber.name) from exc
    except Exception:
        logger.exception("subscriber_failed", subscriber=subscriber.name)
        return _untargeted(events)


def _untargeted(events: Sequence[Event]) -> Sequence[Wanted]:
    return [(event, "") for event in events]
