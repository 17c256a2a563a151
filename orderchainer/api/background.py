"""Waking a worker after a commit, without ever failing the request that did so."""

from typing import Any

import structlog
from celery.app.task import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)


def nudge_on_commit(
    task: "Task[..., Any]", *args: int | str, countdown: float = 0
) -> None:
    """Send `task` once the transaction is committed; a dead broker is logged and no more.

    Only for work that stands in a row: the message is a nudge, and a sweep finds the row without it.
    """
    transaction.on_commit(lambda: nudge(task, *args, countdown=countdown), robust=True)


def nudge(task: "Task[..., Any]", *args: int | str, countdown: float = 0) -> None:
    """Send `task` now; a dead broker is logged and no more."""
    try:
        task.apply_async(args=args, countdown=countdown)
    except (OperationalError, OSError) as exc:
        logger.warning("nudge_lost", task=task.name, error=str(exc))
