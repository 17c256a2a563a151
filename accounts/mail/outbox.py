"""Sending what is due: claimed, tried, retried within bounds, and never lost.

A worker claims an e-mail with one conditional UPDATE that moves its next attempt past a lease, and
writes the outcome only while that lease is its own. A worker that dies leaves a row that is due again
once the lease is over; its e-mail then goes out with a new code, and the newest one counts.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from accounts.mail.composing import Letter, Unwanted, compose
from accounts.mail.failures import is_permanent, told
from accounts.models import OutgoingEmail
from orderchainer.core.measures import EMAILS

logger = structlog.get_logger(__name__)

State = OutgoingEmail.State

# Of an e-mail that lives for a day about thirty tries come to pass; more than these only happen where
# each try kills its worker.
MAX_ATTEMPTS = 50
FIRST_DELAY_SECONDS = 10
MAX_DELAY_SECONDS = 60 * 60
# Waits up to here get a delayed nudge; the sweep finds the rest when they are due.
NUDGED_DELAY_SECONDS = 60


def send(email_id: int) -> float | None:
    """Try to send one e-mail that is due; return the seconds to come back after, if that is soon."""
    email = _claim(email_id)
    if email is None:
        return None
    outcome = _try(email)
    if isinstance(outcome, _TryAgain):
        return _postpone(email, outcome.error)
    _finish(email, outcome)
    return None


@dataclass(frozen=True)
class _End:
    """The last that becomes of an e-mail."""

    state: State
    error: str = ""


@dataclass(frozen=True)
class _TryAgain:
    """What has kept an e-mail from going out for now."""

    error: str


def _try(email: OutgoingEmail) -> _End | _TryAgain:
    if email.expires_at <= timezone.now():
        # Dropped if nobody came to try it, failed if all who tried did.
        state = State.FAILED if email.last_error else State.DROPPED
        return _End(state, f"Too late. {email.last_error}".strip())
    if email.attempts > MAX_ATTEMPTS:
        return _End(State.FAILED, f"Gave up. {email.last_error}".strip())
    letter: Letter | None = None
    try:
        letter = compose(email)
        letter.message.send()
    except Unwanted as exc:
        return _End(State.DROPPED, str(exc))
    except Exception as exc:
        # Whatever it is, the row tells of it and the bounds hold. A traceback only where it is a defect:
        # a mail server's refusal names the recipient.
        error = told(exc, hiding=letter.secrets if letter else ())
        if is_permanent(exc):
            return _End(State.FAILED, error)
        if not isinstance(exc, OSError):
            logger.exception("email_crashed", email=email.pk, kind=email.kind)
        return _TryAgain(error)
    return _End(State.SENT)


def due_emails(limit: int = 500) -> list[int]:
    """Return ids of pending e-mails whose time has come, the longest waiting first."""
    return list(
        OutgoingEmail.objects.filter(_due())
        .order_by("next_attempt_at")
        .values_list("pk", flat=True)[:limit]
    )


def _due() -> Q:
    return Q(state=State.PENDING, next_attempt_at__lte=timezone.now())


def _claim(email_id: int) -> OutgoingEmail | None:
    # Microseconds make the lease's end the worker's own mark.
    lease_until = timezone.now() + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)
    claimed = OutgoingEmail.objects.filter(_due(), pk=email_id).update(
        next_attempt_at=lease_until, attempts=F("attempts") + 1
    )
    return OutgoingEmail.objects.get(pk=email_id) if claimed else None


def _own(email: OutgoingEmail) -> Q:
    return Q(pk=email.pk, state=State.PENDING, next_attempt_at=email.next_attempt_at)


def _finish(email: OutgoingEmail, end: _End) -> None:
    finished = OutgoingEmail.objects.filter(_own(email)).update(
        state=end.state, finished_at=timezone.now(), last_error=end.error[:500]
    )
    EMAILS.labels(email.kind, end.state).inc(finished)
    log = logger.warning if end.state == State.FAILED else logger.info
    log(
        "email_finished",
        email=email.pk,
        kind=email.kind,
        state=str(end.state),
        attempts=email.attempts,
    )


def _postpone(email: OutgoingEmail, error: str) -> float | None:
    delay = _delay_seconds(email.attempts)
    OutgoingEmail.objects.filter(_own(email)).update(
        next_attempt_at=timezone.now() + timedelta(seconds=delay),
        last_error=error[:500],
    )
    logger.warning(
        "email_postponed",
        email=email.pk,
        kind=email.kind,
        attempts=email.attempts,
        seconds=round(delay, 1),
    )
    return delay if delay <= NUDGED_DELAY_SECONDS else None


def _delay_seconds(attempts: int) -> float:
    """Return the pause after the attempt of that number: doubling, bounded, with jitter."""
    longest = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** (attempts - 1))
    return longest * random.uniform(0.5, 1)
