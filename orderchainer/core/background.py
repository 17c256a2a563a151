"""Waking a worker after a commit, without ever failing the request that did so, nor holding it up."""

from typing import Any

import structlog
from celery.app.task import Task
from django.db import transaction
from kombu.exceptions import OperationalError

from orderchainer.core.breaker import Breaker

logger = structlog.get_logger(__name__)

# A sweep finds within seconds what no nudge came for; so long can a broker that is away be left alone.
PAUSE_SECONDS = 5.0


broker = Breaker(PAUSE_SECONDS)


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
