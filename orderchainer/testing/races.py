"""Races in tests: real threads with connections of their own, and a way to make the race certain.

    outcomes = race(lambda: close_cycle(a, b), lambda: close_cycle(b, a))
    assert [type(outcome) for outcome in outcomes] == …

Threads alone rarely meet at the dangerous spot. A `Meeting` makes them: each waits before its first
statement that contains a given text until all are there. Without the lock under test all come through
their checks and act together, and the race happens every time: that is the negative control. With the
lock one waits inside the database and never arrives; the others go on when their patience ends.

The database has to be real as well: use `pytest.mark.django_db(transaction=True)`.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Barrier, BrokenBarrierError, local
from typing import Any, TypeVar

import pytest
from django.db import connection

T = TypeVar("T")

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql",
    reason="needs DATABASE_URL to name a PostgreSQL: only there do writers run side by side",
)


class Meeting:
    """A place in front of a statement where `parties` threads wait for one another, each once."""

    def __init__(
        self, fragment: str, *, parties: int = 2, patience_seconds: float = 0.5
    ) -> None:
        self.fragment = fragment
        self._barrier = Barrier(parties)
        self._patience_seconds = patience_seconds
        self._visit = local()
        self.was_complete = False

    def __call__(
        self,
        execute: Callable[[str, Any, bool, dict[str, Any]], Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        """Wait once before `sql`, then run it (an execute wrapper of Django's connections)."""
        if self.fragment in sql and not getattr(self._visit, "made", False):
            self._visit.made = True
            try:
                self._barrier.wait(self._patience_seconds)
                self.was_complete = True
            except BrokenBarrierError:
                pass  # somebody is held by a lock: go on without them
        return execute(sql, params, many, context)


def race(
    *works: Callable[[], T], meeting: Meeting | None = None, timeout_seconds: float = 30
) -> list[T | Exception]:
    """Run all `works` at once, each in a thread with its own connection; return what came of each, in order.

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
        except Exception as exc:  # noqa: BLE001  (the outcome is the caller's to judge)
            return exc
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(run, work) for work in works]
        return [future.result(timeout_seconds) for future in running]


@contextmanager
def without_constraint(table: str, name: str) -> Iterator[None]:
    """Drop a unique constraint or unique index of PostgreSQL, for a negative control; put it back after.

    The rows that broke it have to be gone by then: delete them inside of the block.
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
            cursor.execute(
                "SELECT indexdef FROM pg_indexes WHERE indexname = %s", [name]
            )
            drop = f'DROP INDEX "{name}"'
            restore = cursor.fetchone()[0]
        cursor.execute(drop)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(restore)
