"""Whether background work gets done: beat asks for a heartbeat, a worker answers by its time.

A worker can lose its broker and wait silently for ever, so that its process being there proves nothing.
The age of the last heartbeat does: it grows as soon as beat, the broker or every worker fails.
"""

import time

from django.core.cache import cache

_KEY = "orderchainer:heartbeat"


def beat_once() -> None:
    """Record that a worker is at work now."""
    cache.set(_KEY, time.time(), timeout=None)


def last_heartbeat_age_seconds() -> float | None:
    """Return how long ago a worker last took work, or None if none ever did.

    The time is the wall clock's, which the machines of one installation are taken to share.
    """
    moment: float | None = cache.get(_KEY)
    return None if moment is None else max(0.0, time.time() - moment)
