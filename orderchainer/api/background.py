"""Waking a worker after a commit, without ever failing the request that did so, nor holding it up."""

import time
from typing import Any

import structlog
from celery.app.task import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)

# A sweep finds within seconds what no nudge came for; so long can a broker that is away be left alone.
PAUSE_SECONDS = 5.0


class Broker:
    """Remembers that the broker did not answer, so that not every request waits for it in turn.

    One that hangs costs whoever asks it the whole timeout of the connection. After a pause it is asked
    again, by one nudge; all others go without until it has answered.
    """

    def __init__(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._pause_seconds = pause_seconds
        # None while it answers. Threads that write at once do no harm: one of them asks too often.
        self._asked_again_at: float | None = None

    def may_be_asked(self) -> bool:
        """Tell whether a nudge should try; who gets a yes tells what came of it."""
        if self._asked_again_at is None:
            return True
        now = time.monotonic()
        if now < self._asked_again_at:
            return False
        self._asked_again_at = now + self._pause_seconds
        return True

    def answered(self) -> None:
        """Hear that it took a nudge."""
        self._asked_again_at = None

    def failed(self) -> None:
        """Hear that it took none."""
        self._asked_again_at = time.monotonic() + self._pause_seconds


broker = Broker()


def nudge_on_commit(
    task: "Task[..., Any]", *args: int | str, countdown: float = 0
) -> None:
    """Send `task` once the transaction is committed; a dead broker is logged and no more.

    Only for work that stands in a row: the message is a nudge, and a sweep finds the row without it.
    """
    transaction.on_commit(lambda: nudge(task, *args, countdown=countdown), robust=True)


def nudge(
    task: "Task[..., Any]",
    *args: int | str,
    countdown: float = 0,
    expires_after: float | None = None,
) -> None:
    """Send `task` now; a dead broker is logged and no more, and then left alone for a while.

    `countdown` and `expires_after` are seconds: before the one it does not start, after the other it is
    no use any more and thrown away.
    """
    if not broker.may_be_asked():
        return
    try:
        task.apply_async(
            args=args,
            countdown=countdown,
            expires=expires_after,  # type: ignore[arg-type]  # its stubs know no None
        )
    except (OperationalError, OSError) as exc:
        broker.failed()
        logger.warning("nudge_lost", task=task.name, error=str(exc))
    else:
        broker.answered()
