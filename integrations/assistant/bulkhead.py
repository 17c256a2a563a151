"""How many answers a process works on at a time, so that a slow model never takes all threads."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

from django.conf import settings

from integrations.assistant.errors import AssistantCrowded
from orderchainer.core.measures import Gauge

# How long a person's request waits for a place.
MAX_WAIT_SECONDS = 2.0
# When to come back: a model takes a few seconds for most answers.
RETRY_AFTER_SECONDS = 5

RUNNING = Gauge(
    "orderchainer_assistant_running",
    "Answers of the assistant that are being worked on.",
    multiprocess_mode="livesum",
)


class Bulkhead:
    """Lets in `size()` callers at a time. As many again may wait; all others are refused at once.

    Waiting is bounded too, because whoever waits holds a thread that an order could have.
    """

    def __init__(self, size: Callable[[], int]) -> None:
        self._size = size
        self._changed = Condition()
        self._inside = 0
        self._waiting = 0

    @contextmanager
    def place(self, *, wait_seconds: float) -> Iterator[None]:
        """Hold a place while the block runs. Raises `AssistantCrowded` if none is free in time."""
        self._enter(wait_seconds)
        RUNNING.inc()
        try:
            yield
        finally:
            RUNNING.dec()
            with self._changed:
                self._inside -= 1
                self._changed.notify()

    def _enter(self, wait_seconds: float) -> None:
        until = time.monotonic() + wait_seconds
        with self._changed:
            if self._inside < self._size():
                self._inside += 1
                return
            if wait_seconds <= 0 or self._waiting >= self._size():
                raise AssistantCrowded(retry_after=RETRY_AFTER_SECONDS)
            self._waiting += 1
            try:
                while self._inside >= self._size():
                    left = until - time.monotonic()
                    if left <= 0:
                        raise AssistantCrowded(retry_after=RETRY_AFTER_SECONDS)
                    self._changed.wait(left)
                self._inside += 1
            finally:
                self._waiting -= 1


BULKHEAD = Bulkhead(lambda: settings.ASSISTANT_CONCURRENCY)
