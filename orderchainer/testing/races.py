"""Races in tests: real threads with their own connections, and a way to force the race.

    outcomes = race(lambda: close_cycle(a, b), lambda: close_cycle(b, a))
    assert [type(outcome) for outcome in outcomes] == …

Threads rarely reach the dangerous spot at the same time. A `Meeting` makes them: each thread waits
before its first statement that contains a given text until all threads are there. Without the lock
under test all of them pass their checks and act together, so the race happens every time; that is
the negative control, which uses `Meeting.of_all`. With the lock, one waits inside the database and
never arrives; the others continue after a timeout.

The transactions must be real too: use `pytest.mark.django_db(transaction=True)`.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Barrier, BrokenBarrierError, local
from typing import Any, Self, TypeVar

import pytest
from django.db import connection

T = TypeVar("T")

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql",
    reason="needs DATABASE_URL to name a PostgreSQL: only there do writers run side by side",
)


class Meeting:
    """Makes `parties` threads wait for each other before a statement, each of them once."""

    def __init__(self, fragment: str, *, parties: int = 2, patience_seconds: float = 0.5) -> None:
        self.fragment = fragment
        self._barrier = Barrier(parties)
        self._patience_seconds = patience_seconds
        self._visit = local()
        self.was_complete = False

    @classmethod
    def of_all(cls, fragment: str, *, parties: int = 2) -> Self:
        """Return a meeting to which all threads come, however long it takes on a busy machine."""
        return cls(fragment, parties=parties, patience_seconds=20)

    def __call__(
        self,
        execute: Callable[[str, Any, bool, dict[str, Any]], Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        """Wait once before `sql`, then run it.

        This is an execute wrapper for Django's connections.
        """
        if self.fragment in sql and not getattr(self._visit, "made", False):
            self._visit.made = True
            try:
                self._barrier.wait(self._patience_seconds)
                self.was_complete = True
            except BrokenBarrierError:
                pass  # a lock holds another thread: continue without it
        return execute(sql, params, many, context)


def race(
    *works: Callable[[], T], meeting: Meeting | None = None, timeout_seconds: float = 30
) -> list[T | Exception]:
    """Run all `works` at once, each in a thread with its own connection; return the outcomes in
    order.

    An outcome is what the work returned or the exception that it raised.
    """
    start = Barrier(len(works))

    def run(work: Callable[[], T]) -> T | Exception:
        try:
            with ExitStack() as stack:
                if meeting is not None:
                    stack.enter_context(connection.execute_wrapper(meeting))
                start.wait(timeout_seconds)
                return work()
        except Exception as exc:  # noqa: BLE001  (the caller judges the outcome)
            return exc
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(run, work) for work in works]
        return [future.result(timeout_seconds) for future in running]


@contextmanager
def without_constraint(table: str, name: str) -> Iterator[None]:
    """Drop a unique constraint or index of PostgreSQL for a negative control; restore it
    afterwards.

    Delete the rows that violate it inside the block.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s",
            [name],
        )
        found = cursor.fetchone()
        if found:
            drop = f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"'
            restore = f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {found[0]}'
        else:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [name])
            drop = f'DROP INDEX "{name}"'
            restore = cursor.fetchone()[0]
        cursor.execute(drop)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(restore)
