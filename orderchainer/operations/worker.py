"""Celery workers and beat in threads of the serving process, for the embedded mode.

Celery documents neither `WorkController` as a thread nor `state.should_stop`. We use them because
Celery's own worker command needs a separate process. `operations/tests/test_runtime.py` starts and
stops this one for real.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from socket import gethostname

import structlog
from celery import Celery
from celery.beat import Service
from celery.utils.nodenames import nodename
from celery.worker import WorkController, state
from django.conf import settings

from orderchainer.operations.schedule import DueAtStartScheduler
from orderchainer.operations.tasks import beat_once

logger = structlog.get_logger(__name__)

# Deliveries and e-mails wait for other people's servers, so each has threads for several slow ones.
# The queues share no threads: the relay of events never waits for a delivery, and no e-mail does.
# A webhook never waits for a sync, and no message to a customer waits for either.
# Reports are built one after the other, because each keeps the database busy.
THREADS: Mapping[str, int] = {
    settings.DEFAULT_QUEUE: 2,
    settings.DELIVERIES_QUEUE: 4,
    settings.EMAILS_QUEUE: 2,
    settings.PROVIDERS_QUEUE: 3,
    settings.SYNCS_QUEUE: 2,
    settings.MESSAGES_QUEUE: 4,
    settings.REPORTS_QUEUE: 1,
}


class WorkerDied(Exception):
    """A worker ended before it was ready."""


class QueueWorker:
    """Works like one `celery worker --queues …`, without its signal handlers and logging."""

    def __init__(
        self, app: Celery, queue: str, threads: int, on_end: Callable[[str], None]
    ) -> None:
        self._ready = threading.Event()
        # This selects the queue for the whole application. A worker uses what is selected while it
        # starts, so we create and start one worker after the other.
        controller = WorkController(
            app=app,
            hostname=nodename(queue, gethostname()),
            queues=[queue],
            pool="threads",
            concurrency=threads,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            ready_callback=lambda consumer: self._ready.set(),
        )
        self._thread = _watched(controller.start, f"worker-{queue}", on_end)

    def start(self) -> None:
        """Start, and return once the worker is ready. Raises `WorkerDied` if it cannot start."""
        self._thread.start()
        while not self._ready.wait(timeout=0.05):
            if not self._thread.is_alive():
                raise WorkerDied("The embedded worker could not start; the log says why.")

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the worker to end; tell whether it did. A task may still be running."""
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()


def _watched(
    run: Callable[[], object], name: str, on_end: Callable[[str], None]
) -> threading.Thread:
    """Return a thread that calls `on_end` with its name however it ends. It is not started yet."""

    def run_and_tell() -> None:
        try:
            run()
        except BaseException:
            logger.exception("background_thread_failed", thread=name)
        finally:
            on_end(name)

    return threading.Thread(target=run_and_tell, name=name, daemon=True)


class EmbeddedWorker:
    """A worker for each queue, and beat.

    `on_death` is called with the name of a thread that ends without having been asked to.
    """

    def __init__(self, app: Celery, on_death: Callable[[str], None]) -> None:
        # Workers in the serving process are never inspected or restarted.
        app.conf.worker_enable_remote_control = False
        self._app = app
        self._on_death = on_death
        self._is_stopping = False
        self._workers: list[QueueWorker] = []
        # Nobody waits for beat's end, so it may sleep until its next entry is due.
        self._beat = Service(app, scheduler_cls=DueAtStartScheduler)

    def start(self) -> None:
        """Start, and return once all workers are ready. Raises `WorkerDied` if one cannot start."""
        for queue, threads in THREADS.items():
            worker = QueueWorker(self._app, queue, threads, self._ended)
            self._workers.append(worker)
            worker.start()
        _watched(self._beat.start, "beat", self._ended).start()

    def _ended(self, thread: str) -> None:
        if not self._is_stopping:
            logger.critical("background_thread_died", thread=thread)
            self._on_death(thread)

    def ask_to_stop(self) -> None:
        """Tell beat and the workers to stop after their current tasks; return at once."""
        self._is_stopping = True
        self._beat.stop()
        state.should_stop = os.EX_OK  # type: ignore[assignment]  # the stubs know only its first value
        # A consumer checks the flag between two messages, may wait two seconds for the next one,
        # and takes one more after it has seen the flag. Two cheap tasks for each queue make it
        # notice at once.
        for queue in THREADS:
            beat_once.apply_async(queue=queue)
            beat_once.apply_async(queue=queue)

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the workers to end; tell whether all did."""
        deadline = time.monotonic() + timeout_seconds
        return all(worker.join(max(0.0, deadline - time.monotonic())) for worker in self._workers)
