"""Leave a line alone while its provider does not answer.

A call that hangs occupies a worker until it times out, and may have sent its message, so nobody
dares to repeat it. If all messages of a line tried their luck, all of them would end like that. So
the first one that fails pauses the line: for 5 seconds at first, then twice as long each time, up
to ten minutes. After each pause one call, the trial, finds out how things are. If the provider
answers it, whatever it says, the pauses are over. If it does not, the next pause begins.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import structlog
from django.utils import timezone

from notifications.channels import (
    NoConnection,
    NotAnswered,
    NotAsked,
    NotDelivered,
    Uncertain,
)
from notifications.models import LinePause
from orderchainer.core.outbox import MAX_ERROR_LENGTH, GiveUp, TryAgain, growing_seconds

logger = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 5.0
MAX_PAUSE_SECONDS = 10 * 60.0
# For how long the others wait for the call that tries whether the provider answers again. Most
# calls take no longer, even if they time out.
TRIAL_SECONDS = 20.0
# A pause that nobody has needed for so long is forgotten.
FORGOTTEN_AFTER = timedelta(days=1)

Call = LinePause.Call


@contextmanager
def pausable(line: UUID, call: Call) -> Iterator[None]:
    """Make one call over a line. Raises `TryAgain`, which counts as no attempt, while it is paused.

    The block raises what comes of the call. `NoConnection` and whatever timed out pause the line,
    and so does a trial that got no answer.
    """
    is_trial = _begin(line, call)
    try:
        yield
    except NoConnection as exc:
        raise _held(str(exc), _pause(line, call, str(exc), is_trial=is_trial)) from exc
    except (NotAnswered, Uncertain) as exc:
        if is_trial or exc.timed_out:
            _pause(line, call, str(exc), is_trial=is_trial)
        raise
    except NotAsked:
        if is_trial:
            # It found out nothing, so the next call is the trial.
            end_pause(line, call)
        raise
    except (TryAgain, GiveUp, NotDelivered):
        if is_trial:
            _end(line, call)
        raise
    # After a defect we do not know. If it was the trial, there is another one soon.
    if is_trial:
        _end(line, call)


def end_pause(line: UUID, call: Call) -> None:
    """Let the next call over a line go at once, because a person asks for it."""
    LinePause.objects.filter(line=line, call=call).update(until=timezone.now())


def forget_pauses() -> None:
    """Delete the pauses of lines over which nobody has called for a long time."""
    LinePause.objects.filter(until__lt=timezone.now() - FORGOTTEN_AFTER).delete()


def _begin(line: UUID, call: Call) -> bool:
    """Return whether the call tries if a paused line works again. Raises `TryAgain`."""
    pause = LinePause.objects.filter(line=line, call=call).first()
    if pause is None:
        return False
    now = timezone.now()
    if pause.until > now:
        raise _held(pause.reason, (pause.until - now).total_seconds())
    # Several workers may come at the same moment. Only one still finds the row as it was read.
    trial = LinePause.objects.filter(pk=pause.pk, until=pause.until)
    if not trial.update(until=now + timedelta(seconds=TRIAL_SECONDS)):
        raise _held(pause.reason, TRIAL_SECONDS)
    return True


def _held(reason: str, seconds: float) -> TryAgain:
    return TryAgain(reason, after_seconds=seconds, counts=False)


def _pause(line: UUID, call: Call, reason: str, *, is_trial: bool) -> float:
    """Pause a line after a call without an answer; return for how many seconds."""
    rows = LinePause.objects.filter(line=line, call=call)
    last = rows.first()
    now = timezone.now()
    if last is not None and not is_trial:
        # A call that ran at the same time has paused it already.
        return max((last.until - now).total_seconds(), FIRST_PAUSE_SECONDS)
    failures = last.failures + 1 if last is not None else 1
    seconds = growing_seconds(failures, first=FIRST_PAUSE_SECONDS, longest=MAX_PAUSE_SECONDS)
    LinePause.objects.update_or_create(
        line=line,
        call=call,
        defaults={
            "failures": failures,
            "until": now + timedelta(seconds=seconds),
            "reason": reason[:MAX_ERROR_LENGTH],
        },
    )
    logger.warning(
        "line_paused", line=str(line), call=str(call), failures=failures, seconds=round(seconds, 1)
    )
    return seconds


def _end(line: UUID, call: Call) -> None:
    LinePause.objects.filter(line=line, call=call).delete()
    logger.info("line_resumed", line=str(line), call=str(call))
