"""Several reads that see the database as it was at one moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# How much each sort and each group of a statement may take before PostgreSQL uses the disk. Its
# default of 4 MB is for many short statements.
WORK_MEMORY = "64MB"


@contextmanager
def one_snapshot(*, statement_seconds: int) -> Iterator[None]:
    """Let every read inside see the same rows, whatever others write meanwhile.

    PostgreSQL ends a statement that takes longer than `statement_seconds`, with an
    OperationalError. Inside another transaction, that one decides what is seen.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(
                f"SET LOCAL statement_timeout = '{int(statement_seconds)}s';"
                f"SET LOCAL work_mem = '{WORK_MEMORY}'"
            )
            yield
    else:
        # Django's transactions begin IMMEDIATE on SQLite, which would keep all writers waiting.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("COMMIT")
