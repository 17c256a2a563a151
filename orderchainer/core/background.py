"""Wake a worker after a commit. This never fails the request that does it and never delays it."""

from typing import Any

import structlog
from celery.app.task import Task
from django.db import transaction
from kombu.exceptions import OperationalError

from orderchainer.core.breaker import Breaker

logger = structlog.get_logger(__name__)

# How long we leave a broker alone after it failed. Meanwhile a sweep finds the rows within seconds.
PAUSE_SECONDS = 5.0


broker = Breaker(PAUSE_SECONDS)


def nudge_on_commit(
    task: "Task[..., Any]",
    *args: int | str,
    countdown: float = 0,
    expires_after: float | None = None,
) -> None:
    """Send `task` once the transaction is committed. If the broker is down, only log that.

    Use it only for work that is recorded in a row: the message is a nudge, and a sweep finds the
    row anyway. `nudge` explains the two times.
    """
    transaction.on_commit(
        lambda: nudge(task, *args, countdown=countdown, expires_after=expires_after), robust=True
    )


def nudge(
    task: "Task[..., Any]",
    *args: int | str,
    countdown: float = 0,
    expires_after: float | None = None,
) -> None:
    """Send `task` now. If the broker is down, log that and do not try it again for a while.

    Both times are seconds: the task starts after `countdown` at the earliest, and is discarded once
    `expires_after` has passed.
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
