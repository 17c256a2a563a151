"""Start and stop everything that `manage.py serve` runs."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Sequence

import structlog
from channels.layers import get_channel_layer
from channels.routing import get_default_application
from django.conf import settings

from notifications.sockets.layers import ThreadSafeInMemoryChannelLayer
from orderchainer.celery import app
from orderchainer.core.db.sqlite import kept
from orderchainer.operations.server import (
    MAX_FINISH_SECONDS,
    OrderChainerServer,
    endpoints_on,
)
from orderchainer.operations.worker import EmbeddedWorker

logger = structlog.get_logger(__name__)

# How long the process may take to end after its last answer. Unfinished background work is recorded
# in rows and continues after the next start, so stopping need not wait for it.
STOP_SECONDS = 4.0

# How many idle connections to SQLite stay open. More are open while more is done at once.
KEPT_CONNECTIONS = 4

# A request that takes longer gets a 503.
REQUEST_SECONDS = 120


class BackgroundDied(Exception):
    """A thread of the background work ended by itself; the log says why."""


def serve(*, address: str, ports: list[int], on_ready: Callable[[], None]) -> None:
    """Serve on `ports` of `address` until SIGINT or SIGTERM. In the embedded mode run the worker
    too.

    On a signal, finish the requests in flight first and close WebSockets with 1001. Calls
    `on_ready` once everything runs. Raises `ListenError` if it cannot listen, and `BackgroundDied`
    if a background thread ends by itself: a supervisor must notice a service that answers requests
    and does no work.
    """
    died: list[str] = []

    def end(thread: str) -> None:
        died.append(thread)
        server.stop_soon()

    worker = EmbeddedWorker(app, on_death=end) if settings.EMBEDDED else None

    def start() -> None:
        layer = get_channel_layer()
        if isinstance(layer, ThreadSafeInMemoryChannelLayer):
            layer.bind(asyncio.get_event_loop())
        if worker:
            worker.start()
        on_ready()

    def stop() -> None:
        _end_the_process_after(MAX_FINISH_SECONDS + STOP_SECONDS, died)
        if worker:
            worker.ask_to_stop()

    server = OrderChainerServer(
        get_default_application(),
        endpoints=endpoints_on(address, ports),
        http_timeout=REQUEST_SECONDS,
        ready_callable=start,
    )
    server.before_shutdown(stop)
    kept.keep(KEPT_CONNECTIONS)
    server.run()
    # SQLite removes its log when the last connection closes.
    kept.keep(0)
    _end_the_process_after(STOP_SECONDS, died)

    # Twisted has restored the signal handlers. A second Ctrl-C could not speed anything up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if worker and not worker.join(timeout_seconds=STOP_SECONDS):
        logger.warning("work_cut_short", seconds=STOP_SECONDS)
    if died:
        raise BackgroundDied(f"The background thread {died[0]} ended; see the log.")


def _end_the_process_after(seconds: float, died: Sequence[str]) -> None:
    """End the process after this time even if threads still run.

    By itself, Python would wait until every thread pool has finished.
    """
    deadline = threading.Timer(seconds, lambda: os._exit(os.EX_SOFTWARE if died else os.EX_OK))
    deadline.daemon = True
    deadline.start()
