"""Leaving alone for a while what does not answer, so that not every request waits for it in turn."""

import time
from threading import Lock


class Breaker:
    """Remembers that something did not answer.

    What hangs costs whoever asks it the whole timeout of the connection. After a pause it is asked again,
    by one; all others go without until it has answered.
    """

    def __init__(self, pause_seconds: float) -> None:
        self._pause_seconds = pause_seconds
        self._lock = Lock()
        # None while it answers.
        self._asked_again_at: float | None = None

    def may_be_asked(self) -> bool:
        """Tell whether to ask; who gets a yes tells what came of it."""
        if self._asked_again_at is None:
            return True
        with self._lock:
            now = time.monotonic()
            if self._asked_again_at is None:
                return True
            if now < self._asked_again_at:
                return False
            self._asked_again_at = now + self._pause_seconds
            return True

    def answered(self) -> bool:
        """Hear that it answered; return whether that is news."""
        if self._asked_again_at is None:
            return False
        with self._lock:
            was_away = self._asked_again_at is not None
            self._asked_again_at = None
            return was_away

    def failed(self) -> bool:
        """Hear that it did not; return whether that is news."""
        with self._lock:
            was_there = self._asked_again_at is None
            self._asked_again_at = time.monotonic() + self._pause_seconds
            return was_there
