"""Wait in a request until a worker has built a report."""

import time
from threading import BoundedSemaphore

from django.conf import settings
from django.db import connection

from orderchainer.core.outbox import PENDING
from reports.models import Report

FIRST_PAUSE_SECONDS = 0.02
MAX_PAUSE_SECONDS = 0.5
# How many requests of one process wait at a time. A process has a few threads for all requests, so
# the others are answered at once.
MAX_WAITING = 2

_places = BoundedSemaphore(MAX_WAITING)


def wait_for(report: Report) -> None:
    """Wait until the report is built or has failed, for up to `REPORT_WAIT_SECONDS`.

    Looks at the row again and again, after pauses that grow. Inside a transaction it returns at
    once: no worker would see the row before the transaction ends.
    """
    if connection.in_atomic_block or not _places.acquire(blocking=False):
        return
    try:
        _look_until_built(report.pk, time.monotonic() + settings.REPORT_WAIT_SECONDS)
    finally:
        _places.release()


def _look_until_built(report_id: int, deadline: float) -> None:
    pause = FIRST_PAUSE_SECONDS
    while Report.objects.filter(pk=report_id, state=PENDING).exists():
        left = deadline - time.monotonic()
        if left <= 0:
            return
        # Others need the connection more. `wait_for` made sure that no transaction is open.
        connection.close()
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, MAX_PAUSE_SECONDS)
