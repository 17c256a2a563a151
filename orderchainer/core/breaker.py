"""A circuit breaker: requests stop waiting for something that does not answer."""

import time
from threading import Lock


class Breaker:
    """Remembers that something did not answer.

    Asking something that hangs costs the whole timeout of the connection. After a pause one caller
    tries it again; all others do without until it has answered.
    """

    def __init__(self, pause_seconds: float) -> None:
        self._pause_seconds = pause_seconds
        self._lock = Lock()
        # None as long as it answers.
        self._asked_again_at: float | None = None

    def may_be_asked(self) -> bool:
        """Tell whether to ask it. If so, the caller then calls `answered` or `failed`."""
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
        """Record that it answered; return whether it had failed before."""
        if self._asked_again_at is None:
            return False
        with self._lock:
            was_away = self._asked_again_at is not None
            self._asked_again_at = None
            return was_away

    def failed(self) -> bool:
        """Record that it failed; return whether it had answered before."""
        with self._lock:
            was_there = self._asked_again_at is None
            self._asked_again_at = time.monotonic() + self._pause_seconds
            return was_there
