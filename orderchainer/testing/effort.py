"""How much a database does for a read, counted so that a busy machine changes nothing."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

# SQLite counts steps of its virtual machine. So many of them count as much as one page.
_STEPS_A_PAGE = 100


def statement_of(read: Callable[[], object], *, table: str) -> str:
    """Return the one statement of `read` that reads `table`."""
    with CaptureQueriesContext(connection) as statements:
        read()
    (sql,) = (each["sql"] for each in statements if f'FROM "{table}"' in each["sql"])
    return str(sql)


def pages_read_by(sql: str) -> int:
    """Return how many pages PostgreSQL reads for a statement.

    On SQLite it is the work of its virtual machine, in about the same unit.
    """
    return _pages_of_postgresql(sql) if connection.vendor == "postgresql" else _steps_of(sql)


def _pages_of_postgresql(sql: str) -> int:
    with connection.cursor() as cursor:
        # The first time, a connection also reads about the tables and their indexes.
        for _ in range(2):
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}")
        plan: dict[str, Any] = cursor.fetchone()[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _steps_of(sql: str) -> int:
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.connection.set_progress_handler(count, _STEPS_A_PAGE)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            cursor.fetchall()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return steps
