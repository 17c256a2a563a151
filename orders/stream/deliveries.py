"""Bringing events to subscribers, over the engine in `orderchainer.core.outbox`.

Deliveries about one subject to one subscriber go out one after the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from orderchainer.core import outbox
from orderchainer.core.measures import Counter
from orderchainer.core.outbox import Drop, GiveUp, Settled, TryAgain
from orders.stream.models import EventDelivery
from orders.stream.subscribers import subscriber_named

logger = structlog.get_logger(__name__)

State = EventDelivery.State

DELIVERIES = Counter(
    "orderchainer_deliveries_total",
    "Deliveries of events that came to an end, by subscriber and state (sent, failed, dropped).",
    ["subscriber", "state"],
)


@dataclass(frozen=True)
class Outcome:
    """What an attempt led to. `nudges` are deliveries that a worker should look at, with a delay."""

    state: str
    nudges: tuple[tuple[int, float], ...] = ()


def deliver(delivery_id: int) -> Outcome | None:
    """Try one delivery. None if it is not due, not pending, claimed, or not the first of its subject."""
    delivery = outbox.claim(_first_of_each_lane(), delivery_id)
    if delivery is None:
        return None
    settled = outbox.settle(delivery, outbox.attempt(lambda: _bring(delivery)))
    _tell(delivery, settled)
    if settled.state == State.PENDING:
        seconds = settled.nudge_after_seconds
        return Outcome(
            State.PENDING, () if seconds is None else ((delivery.pk, seconds),)
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
    return Outcome(settled.state, ((following, 0),) if following is not None else ())


def due_deliveries() -> list[int]:
    """Return ids of pending deliveries whose time has come, each the first of its subject."""
    return outbox.due_ids(_first_of_each_lane())


def drop_pending(*, subscriber: str, owner_id: int, reason: str) -> int:
    """Drop all that is still on its way to `subscriber` for orders of `owner_id`; return how many."""
    dropped = EventDelivery.objects.filter(
        subscriber=subscriber, state=State.PENDING, event__owner_id=owner_id
    ).update(state=State.DROPPED, finished_at=timezone.now(), last_error=reason[:500])
    DELIVERIES.labels(subscriber, State.DROPPED).inc(dropped)
    return dropped


def retry_now(delivery_ids: Iterable[int]) -> list[int]:
    """Make unsent deliveries due at once, with all attempts and a day ahead of them; return their ids.

    A delivery that a worker is trying right now is left alone.
    """
    unsent = EventDelivery.objects.exclude(state=State.SENT)
    return outbox.make_due(unsent.filter(pk__in=list(delivery_ids)))


def _first_of_each_lane() -> QuerySet[EventDelivery]:
    earlier = EventDelivery.objects.filter(
        subscriber=OuterRef("subscriber"),
        subject_uuid=OuterRef("subject_uuid"),
        pk__lt=OuterRef("pk"),
        state=State.PENDING,
    )
    return EventDelivery.objects.filter(~Exists(earlier))


def _bring(delivery: EventDelivery) -> None:
    """Call the subscriber. Raises `TryAgain`, `GiveUp` or `Drop` unless the event was delivered."""
    if delivery.is_worn_out:
        raise GiveUp(
            f"Gave up after {delivery.MAX_ATTEMPTS} attempts: the last one was cut off."
        )
    subscriber = subscriber_named(delivery.subscriber)
    if subscriber is None:
        raise Drop("Nobody subscribes by this name any more.")
    try:
        subscriber.deliver(delivery.event)
    except (TryAgain, GiveUp, Drop):
        raise
    except Exception as exc:
        # A defect in a subscriber: the row keeps it, within the same bounds.
        logger.exception("delivery_crashed", delivery=delivery.pk)
        raise TryAgain(f"Internal error: {type(exc).__name__}") from exc


def _tell(delivery: EventDelivery, settled: Settled) -> None:
    """Log and count how the attempt went."""
    if settled.state == State.PENDING:
        logger.info(
            "delivery_postponed",
            delivery=delivery.pk,
            subscriber=delivery.subscriber,
            seconds=round(settled.delay_seconds, 1),
            error=settled.error,
        )
        return
    DELIVERIES.labels(delivery.subscriber, settled.state).inc(settled.is_ours)
    log = logger.info if settled.state == State.SENT else logger.warning
    log(
        "delivery_finished",
        delivery=delivery.pk,
        subscriber=delivery.subscriber,
        state=settled.state,
        attempts=delivery.attempts,
        error=settled.error,
    )
