"""Celery's broker in the embedded mode: kombu's broker in memory, with workers that sleep.

With kombu's own transport, each worker looks for messages all the time: every 10 ms, seven workers
took 4 % of a core while nothing happened. Here a worker sleeps until there is something to do.
"""

from collections import defaultdict
from threading import Event, Lock
from time import monotonic
from typing import Any
from weakref import WeakSet

from kombu.transport import memory

# By the name of a queue: what wakes the workers that take from it.
_listening: defaultdict[str, "WeakSet[_Alarm]"] = defaultdict(WeakSet)
# Workers begin while other threads send: a set must not grow while we read it, nor be made twice.
_listening_lock = Lock()


class _Alarm(Event):
    """Wakes one worker."""


class Channel(memory.Channel):
    """A channel that wakes the workers of a queue."""

    def _put(self, queue: str, message: Any, **options: Any) -> None:
        super()._put(queue, message, **options)
        with _listening_lock:
            alarms = tuple(_listening[queue])
        for alarm in alarms:
            alarm.set()

    def basic_consume(self, queue: str, *args: Any, **options: Any) -> Any:
        """Take messages from a queue from now on."""
        with _listening_lock:
            _listening[queue].add(self.connection.alarm)  # type: ignore[attr-defined]  # of our transport
        return super().basic_consume(queue, *args, **options)

    def basic_ack(self, delivery_tag: Any, multiple: bool = False) -> None:
        """Acknowledge a message. A worker that has as many as it may hold can now take another."""
        super().basic_ack(delivery_tag, multiple)
        self._wake_ourselves()

    def basic_reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        """Reject a message, which makes room as well."""
        super().basic_reject(delivery_tag, requeue)
        self._wake_ourselves()

    def _wake_ourselves(self) -> None:
        if self.connection is not None:  # it is None once the channel is closed
            self.connection.alarm.set()  # type: ignore[attr-defined]  # of our transport


class Transport(memory.Transport):
    """The transport that `CELERY_BROKER_TRANSPORT` names, for `memory://`."""

    Channel = Channel

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)
        self.alarm = _Alarm()

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # type: ignore[override]  # as kombu's own
        """Handle one message, and wait for it if there is none.

        Raises TimeoutError if none comes in time.
        """
        deadline = None if timeout is None else monotonic() + timeout
        while True:
            # Before we look: a message that comes while we look sets it again.
            self.alarm.clear()
            try:
                return super().drain_events(connection, timeout=0)
            except TimeoutError:
                remaining = None if deadline is None else deadline - monotonic()
                if remaining is not None and remaining <= 0:
                    raise
            self.alarm.wait(remaining)
