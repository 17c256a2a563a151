"""Count calls of the API in this process, and write the counts from time to time.

A call costs no statement. A thread adds the counts of the last seconds to the rows of their day
with one statement. If the process is killed, those seconds are not counted.
"""

import atexit
import os
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone
from rest_framework.request import Request

from accounts.api.hub.views.base import ProjectView
from accounts.models import ApiToken, User
from orderchainer.core.http.surfaces import surface_of
from orderchainer.core.http.views import SurfaceView
from reports.models import ApiCalls

logger = structlog.get_logger(__name__)

# Keys that a process counts before it writes early, and so the most that it holds.
MAX_KEYS = 5_000

# The surfaces whose paths two documents share, as the document that comes first.
_SHOWN_AS = {"union": "chain", "chain_and_shop": "chain"}

_ADD = """
INSERT INTO {table} (day, project_id, user_id, token, surface, calls) VALUES {rows}
ON CONFLICT (day, project_id, user_id, token, surface)
DO UPDATE SET calls = {table}.calls + excluded.calls
"""


class Key(NamedTuple):
    """What calls are counted by. Without a project or a token, the value is 0 or empty."""

    day: date
    project_id: int
    user_id: int
    token: str
    surface: str


class CallCounter:
    """Counts calls from any thread."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Drop everything, for example in a forked process: its parent writes these counts."""
        self._lock = threading.Lock()
        self._counts: Counter[Key] = Counter()
        self._full = threading.Event()
        self._writer: threading.Thread | None = None

    def add(self, key: Key) -> None:
        """Count a call, and see to it that the counts are written."""
        with self._lock:
            self._counts[key] += 1
            if len(self._counts) >= MAX_KEYS:
                self._full.set()
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._write_for_ever, name="usage-writer", daemon=True
                )
                self._writer.start()

    def write(self) -> None:
        """Add the counts to the rows. If the database fails, keep them for the next time."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            store(counts)
        # A defect must not end the thread either: nobody would start another one.
        except Exception as exc:
            is_defect = not isinstance(exc, Error)
            logger.warning(
                "usage_not_written", keys=len(counts), error=str(exc), exc_info=is_defect
            )
            with self._lock:
                if len(self._counts) + len(counts) <= 2 * MAX_KEYS:
                    self._counts.update(counts)

    def _write_for_ever(self) -> None:
        while True:
            self._full.wait(settings.USAGE_FLUSH_SECONDS)
            self._full.clear()
            self.write()
            connection.close()


counter = CallCounter()
# A fork copies memory but not threads.
os.register_at_fork(after_in_child=counter.forget)
atexit.register(counter.write)


def note_call(view: SurfaceView, request: Request, **_: object) -> None:
    """Count an answered call for its user, its token, its surface and its project."""
    user, surface = request.user, surface_of(request.path)
    if not settings.USAGE_FLUSH_SECONDS or not isinstance(user, User) or surface is None:
        return
    project = getattr(view, "project", None) if isinstance(view, ProjectView) else None
    zone = UTC if project is None else project.zone
    counter.add(
        Key(
            day=timezone.now().astimezone(zone).date(),
            project_id=0 if project is None else project.pk,
            user_id=user.pk,
            token=request.auth.pk.hex if isinstance(request.auth, ApiToken) else "",
            surface=_SHOWN_AS.get(surface.name, surface.name),
        )
    )


def store(counts: Mapping[Key, int]) -> None:
    """Add counts to the rows of their days, in one statement.

    The rows are sorted, so that two processes never wait for each other.
    """
    rows = [(*key, calls) for key, calls in sorted(counts.items())]
    sql = _ADD.format(
        table=ApiCalls._meta.db_table, rows=", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [value for row in rows for value in row])
