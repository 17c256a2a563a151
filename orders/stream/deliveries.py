"""Bringing events to subscribers, over the engine in `orderchainer.core.outbox`.

Each target of a subscriber has its own lane, and one worker at a time delivers to it. So a
target that hangs holds one worker and delays no other target. A target that did not answer in time
is paused, each time for longer, until it takes something. Deliveries about one subject to one
target go out one after the other; a subject that waits for its next try delays no other.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from orderchainer.core import outbox
from orderchainer.core.measures import Counter
from orderchainer.core.outbox import (
    MAX_ERROR_LENGTH,
    MAX_NUDGED_SECONDS,
    MAX_SWEPT_ROWS,
    Drop,
    GiveUp,
    Settled,
    TryAgain,
    growing_seconds,
)
from orders.stream.models import (
    DeliveryTarget,
    DeliveryTargetQuerySet,
    EventDelivery,
)
from orders.stream.subscribers import subscriber_named

logger = structlog.get_logger(__name__)

State = EventDelivery.State

DELIVERIES = Counter(
    "orderchainer_deliveries_total",
    "Deliveries of events that came to an end, by subscriber and state (sent, failed, dropped).",
    ["subscriber", "state"],
)

# How long we leave a target alone after it did not answer in time: at first, and at most.
FIRST_PAUSE_SECONDS = 5.0
MAX_PAUSE_SECONDS = 10 * 60.0


@dataclass(frozen=True)
class Outcome:
    """The result of an attempt.

    `nudges` are the deliveries that a worker should try next, with a delay.
    """

    state: str
    nudges: tuple[tuple[int, float], ...] = ()


def deliver(delivery_id: int) -> Outcome | None:
    """Try one delivery, and name the one that its target gets next.

    None if it cannot be tried now: it is not due, an earlier one about the same subject is still on
    its way, or its target is paused or gets another delivery at this moment.
    """
    delivery = _claim(delivery_id)
    if delivery is None:
        return None
    outcome = outbox.attempt(lambda: _bring(delivery))
    timeout = outcome if isinstance(outcome, TryAgain) and outcome.timed_out else None
    with transaction.atomic():
        settled = outbox.settle(delivery, outcome)
        if timeout:
            _release_and_pause(delivery)
        else:
            _release(delivery, took_it=outcome is None)
    _tell(delivery, settled)
    if timeout:
        _give_up_the_old(delivery, timeout)
    return Outcome(settled.state, _next_of_target(delivery))


def due_deliveries(
    among: Iterable[EventDelivery] | None = None, *, limit: int = MAX_SWEPT_ROWS
) -> list[int]:
    """Return the ids of deliveries to try now: the first of each target that is available.

    With `among`, looks only at the targets of those deliveries. However many deliveries a target
    has, it takes one place here; each attempt wakes the target's next delivery.
    """
    now = timezone.now()
    # Mostly nothing is due, and to compile the query below takes longer than to ask.
    if among is None and not EventDelivery.objects.filter(outbox.due(now)).exists():
        return []
    first = (
        _first_of_each_lane()
        .filter(
            outbox.due(now),
            subscriber=OuterRef("subscriber"),
            target=OuterRef("target"),
        )
        .order_by("next_attempt_at", "pk")
    )
    targets = DeliveryTarget.objects.available(now)
    if among is not None:
        targets = targets.filter(_targets_of(among))
    firsts = targets.annotate(first=Subquery(first.values("pk")[:1]))
    found = EventDelivery.objects.filter(pk__in=firsts.values("first"))
    ids = found.order_by("next_attempt_at", "pk").values_list("pk", flat=True)
    return list(ids[:limit])


def drop_pending(*, subscriber: str, target: str, reason: str) -> int:
    """Drop everything that is still on its way to a target; return how many."""
    theirs = EventDelivery.objects.filter(subscriber=subscriber, target=target)
    dropped = outbox.drop(theirs, reason)
    DELIVERIES.labels(subscriber, State.DROPPED).inc(dropped)
    return dropped


@transaction.atomic
def retry_now(delivery_ids: Collection[int]) -> list[int]:
    """Make unsent deliveries due at once, with all attempts and a whole day left; return their ids.

    This also ends the pauses of their targets. A delivery that a worker is trying right now is left
    alone.
    """
    unsent = EventDelivery.objects.exclude(state=State.SENT)
    ids = outbox.make_due(unsent.filter(pk__in=list(delivery_ids)))
    retried = EventDelivery.objects.filter(
        pk__in=ids, subscriber=OuterRef("subscriber"), target=OuterRef("target")
    )
    DeliveryTarget.objects.filter(Exists(retried)).update(paused_until=None)
    return ids


def forget_timeouts(*, subscriber: str, target: str) -> None:
    """Forget the timeouts of a target, because its name now stands for something else."""
    DeliveryTarget.objects.filter(subscriber=subscriber, target=target).update(
        timeouts=0, paused_until=None
    )


# --- Claiming a delivery and its target -------------------------------------------------------


def _claim(delivery_id: int) -> EventDelivery | None:
    """Claim a delivery and its target for the time of a lease, or neither."""
    now = timezone.now()
    unavailable = DeliveryTarget.objects.filter(
        Q(busy_until__gt=now) | Q(paused_until__gt=now),
        subscriber=OuterRef("subscriber"),
        target=OuterRef("target"),
    )
    rows = _first_of_each_lane().filter(~Exists(unavailable))
    with transaction.atomic():
        delivery = outbox.claim(rows, delivery_id)
        if delivery is None:
            return None
        # Two workers with two deliveries of one target both come to this UPDATE. The second waits
        # for the lock on the target's row, then sees that the first has taken it, and undoes its
        # claim.
        taken = _target_of(delivery).available(now).update(busy_until=delivery.claimed_until)
        if not taken:
            transaction.set_rollback(True)
            return None
    return delivery


def _first_of_each_lane() -> QuerySet[EventDelivery]:
    earlier = EventDelivery.objects.filter(
        subscriber=OuterRef("subscriber"),
        target=OuterRef("target"),
        subject_uuid=OuterRef("subject_uuid"),
        pk__lt=OuterRef("pk"),
        state=State.PENDING,
    )
    return EventDelivery.objects.filter(~Exists(earlier))


def _target_of(delivery: EventDelivery) -> DeliveryTargetQuerySet:
    return DeliveryTarget.objects.filter(subscriber=delivery.subscriber, target=delivery.target)


def _targets_of(deliveries: Iterable[EventDelivery]) -> Q:
    targets: dict[str, set[str]] = {}
    for delivery in deliveries:
        targets.setdefault(delivery.subscriber, set()).add(delivery.target)
    found = Q(pk__in=[])
    for subscriber, names in targets.items():
        found |= Q(subscriber=subscriber, target__in=names)
    return found


# --- One attempt ------------------------------------------------------------------------------


def _bring(delivery: EventDelivery) -> None:
    """Call the subscriber. Raises `TryAgain`, `GiveUp` or `Drop` unless the event was delivered."""
    if delivery.is_worn_out:
        raise GiveUp(f"Gave up after {delivery.MAX_ATTEMPTS} attempts: the last one was cut off.")
    subscriber = subscriber_named(delivery.subscriber)
    if subscriber is None:
        raise Drop("No subscriber has this name any more.")
    try:
        subscriber.deliver(delivery.event, delivery.target)
    except (TryAgain, GiveUp, Drop):
        raise
    except Exception as exc:
        # A defect in a subscriber. The row records it, and the usual number of tries applies.
        logger.exception("delivery_crashed", delivery=delivery.pk)
        raise TryAgain(f"Internal error: {type(exc).__name__}") from exc


def _release(delivery: EventDelivery, *, took_it: bool) -> None:
    """Let others deliver to the target. If it took something, forget its timeouts."""
    ours = _target_of(delivery).filter(busy_until=delivery.claimed_until)
    if took_it:
        ours.update(busy_until=None, timeouts=0, paused_until=None)
    else:
        ours.update(busy_until=None)


def _release_and_pause(delivery: EventDelivery) -> None:
    """Let others deliver to a target that did not answer in time, after a pause that grows."""
    now = timezone.now()
    target = _target_of(delivery).filter(busy_until=delivery.claimed_until).first()
    if target is None:
        return
    timeouts = target.timeouts + 1
    seconds = growing_seconds(timeouts, first=FIRST_PAUSE_SECONDS, longest=MAX_PAUSE_SECONDS)
    _target_of(delivery).filter(busy_until=delivery.claimed_until).update(
        busy_until=None,
        timeouts=timeouts,
        paused_until=now + timedelta(seconds=seconds),
    )
    logger.warning(
        "delivery_target_paused",
        subscriber=delivery.subscriber,
        target=delivery.target,
        seconds=round(seconds, 1),
        timeouts=timeouts,
    )


def _give_up_the_old(delivery: EventDelivery, why: TryAgain) -> None:
    """Give up old deliveries to a paused target, because no worker tries them during the pause.

    This is a statement of its own. Together with the target's row, its locks could deadlock with
    those of a claim.
    """
    now = timezone.now()
    given_up = EventDelivery.objects.filter(
        subscriber=delivery.subscriber,
        target=delivery.target,
        state=State.PENDING,
        asked_at__lt=EventDelivery.oldest(now),
    ).update(
        state=State.FAILED,
        finished_at=now,
        last_error=EventDelivery.too_old(why)[:MAX_ERROR_LENGTH],
    )
    DELIVERIES.labels(delivery.subscriber, State.FAILED).inc(given_up)


def _next_of_target(delivery: EventDelivery) -> tuple[tuple[int, float], ...]:
    """Return what the target gets next and in how many seconds, if that is soon."""
    now = timezone.now()
    following = (
        _first_of_each_lane()
        .filter(
            subscriber=delivery.subscriber,
            target=delivery.target,
            state=State.PENDING,
        )
        .annotate(paused_until=_target_pause())
        .order_by("next_attempt_at", "pk")
        .values_list("pk", "next_attempt_at", "paused_until")
        .first()
    )
    if following is None:
        return ()
    pk, due_at, paused_until = following
    seconds = (max(due_at, paused_until or due_at) - now).total_seconds()
    return ((pk, max(0, seconds)),) if seconds <= MAX_NUDGED_SECONDS else ()


def _target_pause() -> Subquery:
    target = DeliveryTarget.objects.filter(
        subscriber=OuterRef("subscriber"), target=OuterRef("target")
    )
    return Subquery(target.values("paused_until")[:1])


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
