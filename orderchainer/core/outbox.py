"""One engine for work that waits in rows: e-mails, events to subscribers, what providers posted.

Each piece of work is a row of a model that derives from `Work`; what goes out derives from
`Outgoing`. The row is the truth. The task that tries it is only a nudge, and a sweep finds rows
whose nudge was lost.

    row = claim(OutgoingEmail.objects.all(), email_id)  # None: not due, or another worker has it
    settled = settle(row, attempt(lambda: send(row)))   # sent, failed, dropped or postponed

A worker claims a row with one conditional UPDATE and has it to itself for a lease. It writes the
outcome only while that lease is its own. If the worker dies, the lease runs out and the row is due
again. So everything goes out at least once, and twice only if a worker dies between sending and
writing. Work that must never go out twice claims only among rows that nobody has claimed yet.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

MAX_ERROR_LENGTH = 500
# Rows that wait longer get no delayed nudge: the sweep finds them when they are due. A delayed
# message that outlives the broker's visibility timeout would run twice.
MAX_NUDGED_SECONDS = 60.0
MAX_SWEPT_ROWS = 500


# --- Outcomes of an attempt -------------------------------------------------------------------


class TryAgain(Exception):  # an outcome, not a defect
    """The attempt failed, and another may work.

    `after_seconds` is how long the other side asks us to wait, if it says so. `counts` is False if
    it only asked us to wait, which is not a failed attempt. `timed_out` is True if it did not
    answer in time and so kept a worker busy for that long.
    """

    def __init__(
        self,
        reason: str,
        *,
        after_seconds: float | None = None,
        counts: bool = True,
        timed_out: bool = False,
    ) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds
        self.counts = counts
        self.timed_out = timed_out


class GiveUp(Exception):  # see TryAgain
    """The attempt failed, and no other will work. The row keeps the reason."""


class Drop(Exception):  # see TryAgain
    """This is no longer needed: its addressee is gone or switched off."""


# The result of `attempt`; None means done.
Outcome = TryAgain | GiveUp | Drop | None


# --- The row ----------------------------------------------------------------------------------


# Two states that every model has: the work is not over yet, or it has failed for good.
PENDING = "pending"
FAILED = "failed"


class Work(models.Model):
    """Work to be done by a worker. Each model names its ends and sets the bounds of its retries."""

    # The states after success, and after an attempt that found nothing left to do.
    DONE: ClassVar[str]
    DROPPED: ClassVar[str]

    MAX_ATTEMPTS: ClassVar[int]
    # For how many days after the request we try it.
    MAX_DAYS: ClassVar[int] = 1
    # The pause after the first failed attempt, and the longest pause.
    FIRST_DELAY_SECONDS: ClassVar[float]
    MAX_DELAY_SECONDS: ClassVar[float]

    state = models.CharField(max_length=9, default=PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # While a worker has the row, this is the end of its lease.
    next_attempt_at = models.DateTimeField(default=timezone.now)
    # The end of the lease of the worker that has it or had it last. It includes microseconds, so we
    # can tell that worker's lease from all others. Empty once the outcome is written.
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    last_error = models.CharField(max_length=MAX_ERROR_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # When it was requested: when the row was made, or later when a person had it tried again.
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_in_flight(self) -> bool:
        """Whether a worker is trying it right now."""
        return (
            self.state == PENDING
            and self.claimed_until is not None
            and self.claimed_until > timezone.now()
        )

    @property
    def is_worn_out(self) -> bool:
        """Whether it has been claimed more often than it may be tried.

        Normally a row fails when its last allowed attempt ends. If it is claimed once more, that
        attempt never ended: it probably killed its worker, so we must not try the row again.
        """
        return self.attempts > self.MAX_ATTEMPTS

    def reason_to_give_up(self, why: TryAgain, now: datetime) -> str | None:
        """Return why we give up after an attempt that failed with `why`, or None to try again."""
        if why.counts and self.attempts >= self.MAX_ATTEMPTS:
            return f"Gave up after {self.attempts} attempts: {why}"
        if self.asked_at < self.oldest(now):
            return self.too_old(why)
        return None

    @classmethod
    def oldest(cls, now: datetime) -> datetime:
        """Return the earliest request that is still tried at `now`. Older rows are given up."""
        return now - timedelta(days=cls.MAX_DAYS)

    @classmethod
    def too_old(cls, why: TryAgain) -> str:
        """Return the reason to give up a row that has been tried for long enough."""
        days = "a day" if cls.MAX_DAYS == 1 else f"{cls.MAX_DAYS} days"
        return f"Gave up after {days}: {why}"

    @classmethod
    def delay_seconds(cls, attempts: int) -> float:
        """Return the pause after the attempt of that number."""
        return growing_seconds(
            attempts, first=cls.FIRST_DELAY_SECONDS, longest=cls.MAX_DELAY_SECONDS
        )


class Outgoing(Work):
    """Something on its way out."""

    class State(models.TextChoices):
        """The state of a row."""

        PENDING = PENDING
        SENT = "sent"
        FAILED = FAILED
        DROPPED = "dropped"

    DONE: ClassVar = State.SENT
    DROPPED: ClassVar = State.DROPPED

    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Work)


def state_known(
    name: str, states: type[models.TextChoices] = Outgoing.State
) -> models.CheckConstraint:
    """Return the constraint that allows only states that exist."""
    return models.CheckConstraint(condition=Q(state__in=states.values), name=name)


def due_index(name: str) -> models.Index:
    """Return the index that finds due rows."""
    return models.Index(fields=["next_attempt_at"], condition=Q(state=PENDING), name=name)


def growing_seconds(times: int, *, first: float, longest: float) -> float:
    """Return a pause that doubles each time, up to `longest`. Jitter keeps rows apart."""
    # Without a bound on the exponent, the power would overflow.
    whole = min(longest, first * 2.0 ** min(times - 1, 64))
    return whole * random.uniform(0.5, 1)


# --- What is due ------------------------------------------------------------------------------


def due(now: datetime) -> Q:
    """Match rows that are due. If a worker died, its row is due again when the lease is over."""
    return Q(state=PENDING, next_attempt_at__lte=now)


def due_ids(rows: models.QuerySet[Row], limit: int = MAX_SWEPT_ROWS) -> list[int]:
    """Return the ids of those of `rows` that are due, the longest waiting first."""
    waiting = rows.filter(due(timezone.now())).order_by("next_attempt_at")
    return list(waiting.values_list("pk", flat=True)[:limit])


@transaction.atomic
def make_due(rows: models.QuerySet[Row]) -> list[int]:
    """Make `rows` due at once, and give them all their attempts again; return their ids.

    Leaves out rows that a worker is trying right now, because a second worker would send them
    twice.
    """
    now = timezone.now()
    ids = list(
        rows.select_for_update(no_key=True)
        .exclude(claimed_until__gt=now)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    rows.model._default_manager.filter(pk__in=ids).update(
        state=PENDING,
        attempts=0,
        asked_at=now,
        next_attempt_at=now,
        claimed_until=None,
        finished_at=None,
    )
    return ids


def drop(rows: models.QuerySet[Row], reason: str) -> int:
    """Drop those of `rows` that are not over, even one that a worker is trying; return how many.

    That worker keeps its lease, so that nobody tries the row at the same time if it is made due.
    """
    return rows.filter(state=PENDING).update(
        state=rows.model.DROPPED,
        finished_at=timezone.now(),
        last_error=reason[:MAX_ERROR_LENGTH],
    )


# --- One attempt ------------------------------------------------------------------------------


def lease() -> timedelta:
    """Return how long a worker has a row to itself: longer than any attempt may take."""
    return timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)


def claim(rows: models.QuerySet[Row], pk: int, *, lease_for: timedelta | None = None) -> Row | None:
    """Take one of `rows` for the time of a lease. None if it is not due or not one of `rows`.

    Work that may take longer than usual names its own lease.
    """
    now = timezone.now()
    until = now + (lease_for or lease())
    claimed = rows.filter(due(now), pk=pk).update(
        next_attempt_at=until, claimed_until=until, attempts=F("attempts") + 1
    )
    return rows.model._default_manager.get(pk=pk) if claimed else None


def own(row: Work) -> Q:
    """Match `row` while the worker that claimed it still holds the lease."""
    return Q(pk=row.pk, state=PENDING, claimed_until=row.claimed_until)


def attempt(send: Callable[[], object]) -> Outcome:
    """Call `send` and return the outcome. Lets any other exception through: it is a defect."""
    try:
        send()
    except (TryAgain, GiveUp, Drop) as outcome:
        return outcome
    return None


@dataclass(frozen=True)
class Settled:
    """The outcome of an attempt as written. A row that is still pending is tried again later."""

    state: str
    error: str = ""
    delay_seconds: float = 0
    # False if another worker had taken the row by then; that worker's outcome counts.
    is_ours: bool = True

    @property
    def nudge_after_seconds(self) -> float | None:
        """After how many seconds to nudge the row, if it is to be tried again soon."""
        if self.state != PENDING or self.delay_seconds > MAX_NUDGED_SECONDS:
            return None
        return self.delay_seconds


def settle(row: Work, outcome: Outcome) -> Settled:
    """Write the outcome of an attempt, if this worker still holds the row."""
    match outcome:
        case None:
            return finish(row, row.DONE)
        case Drop():
            return finish(row, row.DROPPED, str(outcome))
        case GiveUp():
            return finish(row, FAILED, str(outcome))
        case TryAgain():
            reason = row.reason_to_give_up(outcome, timezone.now())
            if reason is not None:
                return finish(row, FAILED, reason)
            return _postpone(row, outcome)


def finish(row: Work, state: str, error: str = "") -> Settled:
    """Write the end of `row`, if this worker still holds it."""
    finished = (
        type(row)
        ._default_manager.filter(own(row))
        .update(
            state=state,
            finished_at=timezone.now(),
            claimed_until=None,
            last_error=error[:MAX_ERROR_LENGTH],
        )
    )
    return Settled(state, error, is_ours=bool(finished))


def _postpone(row: Work, why: TryAgain) -> Settled:
    delay = row.delay_seconds(row.attempts) if why.after_seconds is None else why.after_seconds
    postponed = (
        type(row)
        ._default_manager.filter(own(row))
        .update(
            next_attempt_at=timezone.now() + timedelta(seconds=delay),
            claimed_until=None,
            attempts=row.attempts if why.counts else row.attempts - 1,
            last_error=str(why)[:MAX_ERROR_LENGTH],
        )
    )
    return Settled(PENDING, str(why), delay, is_ours=bool(postponed))
