"""A heartbeat that shows whether background work gets done.

Beat sends a heartbeat task, and a worker writes down the time. A running process proves nothing,
because a worker that lost its broker can wait silently for ever. But the age of the last heartbeat
grows as soon as beat, the broker or all workers fail.
"""

import time

from django.core.cache import cache

_KEY = "orderchainer:heartbeat"


def beat_once() -> None:
    """Record that a worker is running tasks now."""
    cache.set(_KEY, time.time(), timeout=None)


def last_heartbeat_age_seconds() -> float | None:
    """Return how many seconds ago a worker last ran the task, or None if none ever did.

    It uses the wall clock and assumes that all machines of an installation agree on the time.
    """
    moment: float | None = cache.get(_KEY)
    return None if moment is None else max(0.0, time.time() - moment)
