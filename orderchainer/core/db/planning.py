"""Have PostgreSQL plan a statement for its values, where one plan does not fit all of them.

A connection prepares the statements that it repeats, and PostgreSQL soon stops planning these: it
takes one plan for all values. That is right where each value finds few rows. It is
wrong where a value may find nearly all rows or nearly none, as a range of prices does.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def planned_for_values(wanted: bool = True) -> Iterator[None]:
    """Prepare no statement in the block, so that PostgreSQL plans each for its values.

    Does nothing unless `wanted`. Planning takes some tenths of a millisecond for each statement.
    """
    if not wanted or connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    driver = connection.connection
    before, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        yield
    finally:
        driver.prepare_threshold = before
