"""Log when background tasks start and how they end, with the id of the request that sent them."""

import time
from datetime import timedelta
from functools import cache as once
from typing import Any

import structlog
from celery import signals
from celery.app.task import Context, Task
from celery.states import SUCCESS
from django.conf import settings

logger = structlog.get_logger("orderchainer.operations.tasks")

# The message header that carries the id of the request that sent the task.
REQUEST_ID_HEADER = "orderchainer_request_id"


@signals.setup_logging.connect
def leave_logging_alone(**_: object) -> None:
    """Keep Celery from configuring logging, because Django has already."""


@signals.before_task_publish.connect
def carry_request_id(headers: dict[str, Any], **_: object) -> None:
    """Add the id of the current request, if any, to the message."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    if request_id is not None:
        headers[REQUEST_ID_HEADER] = request_id


@signals.task_prerun.connect
def task_started(task_id: str, task: "Task[..., Any]", **_: object) -> None:
    """Add the task's name to every line that it logs."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)
    request_id = getattr(task.request, REQUEST_ID_HEADER, None)
    if request_id is not None:
        structlog.contextvars.bind_contextvars(request_id=request_id)
    task.request.started_at = time.perf_counter()  # type: ignore[attr-defined]
    logger.debug("task_started")


@signals.task_postrun.connect
def task_finished(task: "Task[..., Any]", state: str | None = None, **_: object) -> None:
    """Log how the task ended and how long it took."""
    # Tasks that beat sends every few seconds are only logged if they fail.
    log = logger.debug if state == SUCCESS and task.name in _often() else logger.info
    log(
        "task_finished",
        outcome=(state or "unknown").lower(),
        duration_ms=round(seconds_of(task) * 1000, 2),
    )
    structlog.contextvars.clear_contextvars()


@signals.task_failure.connect
def task_failed(exception: BaseException, **_: object) -> None:
    """Log an uncaught exception with its traceback."""
    logger.error("task_failed", error=str(exception), exc_info=exception)


@signals.task_retry.connect
def task_retried(reason: object, **_: object) -> None:
    """Log that the task will be tried again, and why."""
    logger.warning("task_retried", reason=str(reason))


@signals.task_revoked.connect
def task_revoked(request: Context, expired: bool | None = None, **_: object) -> None:
    """Log a task that never ran, because it was revoked or had expired."""
    # An expired sweep does not matter: the next one does its work.
    log = logger.debug if expired else logger.warning
    log(
        "task_revoked",
        task=request.task,  # type: ignore[attr-defined]  # set on every message
        task_id=request.id,
        expired=bool(expired),
    )


@signals.task_unknown.connect
def task_unknown(name: str, id: str, **_: object) -> None:
    """Log a message for a task that this release does not know."""
    logger.error("task_unknown", task=name, task_id=id)


@once
def _often() -> frozenset[str]:
    """Return the names of the tasks that beat sends at least once a minute."""
    return frozenset(
        str(entry["task"])
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
        if isinstance(entry["schedule"], timedelta) and entry["schedule"] <= timedelta(minutes=1)
    )


def seconds_of(task: "Task[..., Any]") -> float:
    """Return how many seconds the task has been running in this process."""
    started: float | None = getattr(task.request, "started_at", None)
    return 0.0 if started is None else time.perf_counter() - started
