"""What Celery's workers and beat do when they start: look whether everything is there."""

from typing import Any

from celery import signals
from django.conf import settings

from orderchainer.core.environment import Problem


@signals.celeryd_init.connect
def look_before_a_worker_starts(**_: Any) -> None:
    """End a worker that could not work, and say why."""
    _look()


@signals.beat_init.connect
def look_before_beat_starts(**_: Any) -> None:
    """End a beat that could not work, and say why."""
    # The embedded server, which runs beat in a thread, has looked by itself.
    if not settings.EMBEDDED:
        _look()


def _look() -> None:
    # The embedded server and web processes have no use for this import.
    from orderchainer.operations import starting

    if settings.EMBEDDED:
        raise SystemExit(
            Problem(
                "REDIS_URL is not set, so this process would get no work.",
                "Set it to the Redis of the web processes. Without Redis, `manage.py serve` does "
                "the background work itself.",
            )
        )
    starting.require(starting.checks, starting.services, starting.schema)
