"""Serving, from the first connection to the last thread: what `manage.py serve` does."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable

import structlog
from channels.layers import get_channel_layer
from channels.routing import get_default_application
from django.conf import settings

from notifications.layers import ThreadSafeInMemoryChannelLayer
from orderchainer.celery import app
from orderchainer.operations.server import OrderChainerServer, endpoints_on
from orderchainer.operations.worker import EmbeddedWorker

logger = structlog.get_logger(__name__)

# From the signal to the end of the process. Work that takes longer stands in rows and is done after
# the next start; whoever stops the service must not wait for it.
STOP_SECONDS = 4.0

# A request that takes longer is answered 503.
REQUEST_SECONDS = 120


def serve(*, address: str, ports: list[int], on_ready: Callable[[], None]) -> None:
    """Serve on `ports` of `address` until SIGINT or SIGTERM; in the embedded mode do the background work too.

    `on_ready` is called once everything listens and works. Raises `ListenError` where a port is taken.
    """
    worker = EmbeddedWorker(app) if settings.EMBEDDED else None

    def start() -> None:
        layer = get_channel_layer()
        if isinstance(layer, ThreadSafeInMemoryChannelLayer):
            layer.bind(asyncio.get_event_loop())
        if worker:
            worker.start()
        on_ready()

    def stop() -> None:
        _end_the_process_after(STOP_SECONDS)
        if worker:
            worker.ask_to_stop()

    server = OrderChainerServer(
        get_default_application(),
        endpoints=endpoints_on(address, ports),
        http_timeout=REQUEST_SECONDS,
        ready_callable=start,
    )
    server.before_shutdown(stop)
    server.run()

    # Twisted has given the signals back. A second Ctrl-C has nothing left to hurry.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if worker and not worker.join(timeout_seconds=STOP_SECONDS):
        logger.warning("work_cut_short", seconds=STOP_SECONDS)


def _end_the_process_after(seconds: float) -> None:
    """Bound the exit: Python waits for the threads of every pool, however long their work takes."""
    deadline = threading.Timer(seconds, os._exit, args=[os.EX_OK])
    deadline.daemon = True
    deadline.start()
