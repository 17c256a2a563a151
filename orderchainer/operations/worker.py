"""Celery workers and beat in threads of the serving process: the background of the embedded mode."""

import os
import threading
import time
from collections.abc import Mapping
from socket import gethostname

from celery import Celery
from celery.beat import Service
from celery.utils.nodenames import nodename
from celery.worker import WorkController, state
from django.conf import settings

from orderchainer.operations.schedule import DueAtStartScheduler
from orderchainer.operations.tasks import beat_once

# Deliveries and e-mails wait for other people's servers, and have threads enough for several that are
# slow. They have them to themselves: the relay of events, and with it all live news, never stands behind
# them, and no e-mail behind a delivery.
THREADS: Mapping[str, int] = {
    settings.DEFAULT_QUEUE: 2,
    settings.DELIVERIES_QUEUE: 4,
    settings.EMAILS_QUEUE: 2,
}


class WorkerDied(Exception):
    """A worker ended before it could take any work."""


class QueueWorker:
    """Does the work of one `celery worker --queues …`, without its signal handlers and its logs."""

    def __init__(self, app: Celery, queue: str, threads: int) -> None:
        self._ready = threading.Event()
        # It selects the queue for the whole application. What matters is what is selected while it
        # starts, so that workers are made and started one after the other.
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
        self._thread = threading.Thread(
            target=controller.start, name=f"worker-{queue}", daemon=True
        )

    def start(self) -> None:
        """Return when it takes work. Raises `WorkerDied` if it cannot."""
        self._thread.start()
        while not self._ready.wait(timeout=0.05):
            if not self._thread.is_alive():
                raise WorkerDied(
                    "The embedded worker could not start; the log says why."
                )

    def join(self, timeout_seconds: float) -> bool:
        """Wait for it to end, and tell whether it did: a task may run on for long."""
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()


class EmbeddedWorker:
    """A worker for each queue, and beat."""

    def __init__(self, app: Celery) -> None:
        # Nobody inspects, restarts or neighbours workers that live in the process they work for.
        app.conf.worker_enable_remote_control = False
        self._app = app
        self._workers: list[QueueWorker] = []
        # It sleeps until the next entry is due, or this many seconds, before it sees that it shall end.
        self._beat = Service(app, max_interval=1, scheduler_cls=DueAtStartScheduler)

    def start(self) -> None:
        """Return when the workers take work and beat gives some. Raises `WorkerDied` if one cannot."""
        for queue, threads in THREADS.items():
            worker = QueueWorker(self._app, queue, threads)
            self._workers.append(worker)
            worker.start()
        threading.Thread(target=self._beat.start, name="beat", daemon=True).start()

    def ask_to_stop(self) -> None:
        """Let beat and workers end after what they are doing, and return at once."""
        self._beat.stop()
        state.should_stop = os.EX_OK  # type: ignore[assignment]  # the stubs know only its first value
        # A consumer looks at that between two messages, waits up to two seconds for each, and takes one
        # more after it has seen it.
        for queue in THREADS:
            beat_once.apply_async(queue=queue)
            beat_once.apply_async(queue=queue)

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the workers to end, and tell whether all did."""
        deadline = time.monotonic() + timeout_seconds
        return all(
            worker.join(max(0.0, deadline - time.monotonic()))
            for worker in self._workers
        )
