"""Several reads that see the database as it was at one moment."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction

# How much each sort and each group of a statement may take before PostgreSQL uses the disk. Its
# default of 4 MB is for many short statements.
WORK_MEMORY = "64MB"
# What reading a page out of order costs, beside reading the next one. PostgreSQL's default of 4 is
# for disks that turn; with it, the planner sorts or hashes a million rows instead of reading them
# in the order of an index.
RANDOM_PAGE_COST = 1.1
# SQLite looks at the clock once in so many of its instructions, which is every few milliseconds.
INSTRUCTIONS = 100_000


@contextmanager
def one_snapshot(*, statement_seconds: float, last_begins_within: float) -> Iterator[None]:
    """Let every read inside see the same rows, whatever others write meanwhile.

    No statement begins later than `last_begins_within` seconds from now, and none takes longer than
    `statement_seconds`. So the last one ends within the sum of both. A statement that comes too
    late or takes too long raises OperationalError. Inside another transaction, that one decides
    what is seen and how long a statement may take.
    """
    with ExitStack() as stack:
        stack.enter_context(_begun_within(last_begins_within))
        if not connection.in_atomic_block:
            vendor = _postgresql if connection.vendor == "postgresql" else _sqlite
            stack.enter_context(vendor(statement_seconds, statement_seconds + last_begins_within))
        yield


@contextmanager
def _begun_within(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds

    def refuse_late(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if time.monotonic() > deadline:
            raise OperationalError(f"no statement may begin after {seconds:g} seconds")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse_late):
        yield


@contextmanager
def _postgresql(statement_seconds: float, _all_seconds: float) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(
            f"SET LOCAL statement_timeout = '{int(statement_seconds * 1000)}ms';"
            f"SET LOCAL work_mem = '{WORK_MEMORY}';"
            f"SET LOCAL random_page_cost = {RANDOM_PAGE_COST}"
        )
        yield


@contextmanager
def _sqlite(_statement_seconds: float, all_seconds: float) -> Iterator[None]:
    """Read in one transaction, and interrupt the statement that runs when the time is over."""
    deadline = time.monotonic() + all_seconds
    # Django's transactions begin IMMEDIATE on SQLite, which would keep all writers waiting.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        own = connection.connection
        own.set_progress_handler(lambda: time.monotonic() > deadline, INSTRUCTIONS)
        try:
            yield
        finally:
            own.set_progress_handler(None, 0)
            # Not through Django, which would refuse it if it is late.
            own.execute("COMMIT")
