"""A Celery worker and beat in threads of the serving process: the background of the embedded mode."""

import os
import threading

from celery import Celery
from celery.beat import Service
from celery.worker import WorkController, state

from orderchainer.api.background import nudge
from orderchainer.runtime.schedule import DueAtStartScheduler
from orderchainer.tasks import beat_once

# One task that waits for a slow webhook must not hold up the relay of events.
THREADS = 2


class WorkerDied(Exception):
    """The worker ended before it could take any work."""


class EmbeddedWorker:
    """Does the work of `celery worker` and `celery beat`, without their signal handlers and their logs."""

    def __init__(self, app: Celery) -> None:
        # Nobody inspects, restarts or neighbours a worker that lives in the process it works for.
        app.conf.worker_enable_remote_control = False
        self._ready = threading.Event()
        self._controller = WorkController(
            app=app,
            pool="threads",
            concurrency=THREADS,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            ready_callback=lambda consumer: self._ready.set(),
        )
        self._thread = threading.Thread(
            target=self._controller.start, name="worker", daemon=True
        )
        # It sleeps until the next entry is due, or this many seconds, before it sees that it shall end.
        self._beat = Service(app, max_interval=1, scheduler_cls=DueAtStartScheduler)

    def start(self) -> None:
        """Return when the worker takes work and beat gives some. Raises `WorkerDied` if it cannot."""
        self._thread.start()
        while not self._ready.wait(timeout=0.05):
            if not self._thread.is_alive():
                raise WorkerDied(
                    "The embedded worker could not start; the log says why."
                )
        threading.Thread(target=self._beat.start, name="beat", daemon=True).start()

    def ask_to_stop(self) -> None:
        """Let beat and worker end after what they are doing, and return at once."""
        self._beat.stop()
        state.should_stop = os.EX_OK  # type: ignore[assignment]  # the stubs know only its first value
        # The consumer looks at that between two messages, waits up to two seconds for each, and takes
        # one more after it has seen it.
        nudge(beat_once)
        nudge(beat_once)

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the worker to end, and tell whether it did: a task may run on for long."""
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()
