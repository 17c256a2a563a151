"""Bringing events to subscribers: claimed, tried, retried within bounds, and never lost.

A worker claims a delivery with one conditional UPDATE that moves its next attempt past a lease, and
writes the outcome only while that lease is its own. A worker that dies leaves a row that is due again
once the lease is over. Deliveries of one order to one subscriber go out one after the other.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from orderchainer.core.measures import DELIVERIES
from orders.stream.models import EventDelivery
from orders.stream.subscribers import Drop, GiveUp, TryAgain, subscriber_named

logger = structlog.get_logger(__name__)

State = EventDelivery.State

MAX_ATTEMPTS = 10
MAX_AGE = timedelta(hours=24)
FIRST_DELAY_SECONDS = 5
MAX_DELAY_SECONDS = 30 * 60
# Waits up to here get a delayed nudge; the sweep finds the rest when they are due.
NUDGED_DELAY_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """What an attempt led to. `nudges` are deliveries that a worker should look at, with a delay."""

    state: str
    nudges: tuple[tuple[int, float], ...] = ()


def lease() -> timedelta:
    """Return how long a worker has a delivery to itself: longer than any subscriber may take."""
    return timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)


def deliver(delivery_id: int) -> Outcome | None:
    """Try one delivery. None if it is not due, not pending, claimed, or not the first of its order."""
    delivery = _claim(delivery_id)
    if delivery is None:
        return None
    if delivery.attempts > MAX_ATTEMPTS:
        # Every attempt that comes to an end is counted before this. What kills each worker that tries
        # it must not do so for ever.
        return _finish(
            delivery,
            State.FAILED,
            f"Gave up after {MAX_ATTEMPTS} attempts: the last one was cut off.",
        )
    subscriber = subscriber_named(delivery.subscriber)
    try:
        if subscriber is None:
            raise Drop("Nobody subscribes by this name any more.")
        subscriber.deliver(delivery.event)
    except Drop as exc:
        return _finish(delivery, State.DROPPED, str(exc))
    except GiveUp as exc:
        return _finish(delivery, State.FAILED, str(exc))
    except TryAgain as exc:
        return _try_again(delivery, exc)
    except Exception as exc:
        # A defect in a subscriber: recorded with the row, kept within the same bounds.
        logger.exception("delivery_crashed", delivery=delivery.pk)
        return _try_again(delivery, TryAgain(f"Internal error: {type(exc).__name__}"))
    return _finish(delivery, State.SENT, "")


def due_deliveries(limit: int = 500) -> list[int]:
    """Return ids of pending deliveries whose time has come, each the first of its order."""
    return list(
        EventDelivery.objects.filter(_due(timezone.now()))
        .order_by("next_attempt_at")
        .values_list("pk", flat=True)[:limit]
    )


def drop_pending(*, subscriber: str, owner_id: int, reason: str) -> int:
    """Drop all that is still on its way to `subscriber` for orders of `owner_id`; return how many."""
    dropped = EventDelivery.objects.filter(
        subscriber=subscriber, state=State.PENDING, event__owner_id=owner_id
    ).update(state=State.DROPPED, finished_at=timezone.now(), last_error=reason[:500])
    DELIVERIES.labels(subscriber, State.DROPPED).inc(dropped)
    return dropped


@transaction.atomic
def retry_now(delivery_ids: Iterable[int]) -> list[int]:
    """Make unsent deliveries due at once, with all attempts and a day ahead of them; return their ids."""
    now = timezone.now()
    ids = list(
        EventDelivery.objects.select_for_update(no_key=True)
        .order_by("pk")
        .filter(pk__in=list(delivery_ids))
        .exclude(state=State.SENT)
        .values_list("pk", flat=True)
    )
    EventDelivery.objects.filter(pk__in=ids).update(
        state=State.PENDING,
        attempts=0,
        asked_at=now,
        next_attempt_at=now,
        finished_at=None,
    )
    return ids


def _due(now: datetime) -> Q:
    earlier = EventDelivery.objects.filter(
        subscriber=OuterRef("subscriber"),
        subject_uuid=OuterRef("subject_uuid"),
        pk__lt=OuterRef("pk"),
        state=State.PENDING,
    )
    return Q(state=State.PENDING, next_attempt_at__lte=now) & ~Q(Exists(earlier))


def _claim(delivery_id: int) -> EventDelivery | None:
    now = timezone.now()
    # Microseconds make the lease's end the worker's own mark.
    lease_until = now + lease()
    claimed = EventDelivery.objects.filter(_due(now), pk=delivery_id).update(
        next_attempt_at=lease_until, attempts=F("attempts") + 1
    )
    if not claimed:
        return None
    return EventDelivery.objects.select_related("event").get(pk=delivery_id)


def _own(delivery: EventDelivery) -> Q:
    return Q(
        pk=delivery.pk, state=State.PENDING, next_attempt_at=delivery.next_attempt_at
    )


def _finish(delivery: EventDelivery, state: str, error: str) -> Outcome:
    finished = EventDelivery.objects.filter(_own(delivery)).update(
        state=state, finished_at=timezone.now(), last_error=error[:500]
    )
    DELIVERIES.labels(delivery.subscriber, state).inc(finished)
    log = logger.info if state == State.SENT else logger.warning
    log(
        "delivery_finished",
        delivery=delivery.pk,
        subscriber=delivery.subscriber,
        state=state,
        attempts=delivery.attempts,
        error=error,
    )
    following = (
        EventDelivery.objects.filter(
            subscriber=delivery.subscriber,
            subject_uuid=delivery.subject_uuid,
            state=State.PENDING,
        )
        .order_by("pk")
        .values_list("pk", flat=True)
        .first()
    )
    return Outcome(state, ((following, 0),) if following is not None else ())


def _try_again(delivery: EventDelivery, why: TryAgain) -> Outcome:
    now = timezone.now()
    if delivery.attempts >= MAX_ATTEMPTS and why.counts:
        return _finish(
            delivery, State.FAILED, f"Gave up after {delivery.attempts} attempts: {why}"
        )
    if now - delivery.asked_at > MAX_AGE:
        return _finish(delivery, State.FAILED, f"Gave up after a day: {why}")
    delay = (
        _delay_seconds(delivery.attempts)
        if why.after_seconds is None
        else why.after_seconds
    )
    EventDelivery.objects.filter(_own(delivery)).update(
        next_attempt_at=now + timedelta(seconds=delay),
        attempts=delivery.attempts if why.counts else delivery.attempts - 1,
        last_error=str(why)[:500],
    )
    logger.info(
        "delivery_postponed",
        delivery=delivery.pk,
        subscriber=delivery.subscriber,
        seconds=round(delay, 1),
        error=str(why),
    )
    return Outcome(
        State.PENDING, ((delivery.pk, delay),) if delay <= NUDGED_DELAY_SECONDS else ()
    )


def _delay_seconds(attempts: int) -> float:
    """Return the pause after the attempt of that number: doubling, bounded, with jitter."""
    longest = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** (attempts - 1))
    return longest * random.uniform(0.5, 1)
