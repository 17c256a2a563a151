"""Statements that PostgreSQL plans for their values."""

import pytest
from django.db import connection

from orderchainer.core.db.planning import planned_for_values

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL prepares"),
]


def prepared(text: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [f"{text}%"]
        )
        found: int = cursor.fetchone()[0]
        return found


def send(statement: str) -> None:
    with connection.cursor() as cursor:
        for number in range(10):
            cursor.execute(statement, [number])


def test_prepares_nothing_within_the_block_and_goes_on_after_it() -> None:
    with planned_for_values():
        send("SELECT %s::int AS within")
    send("SELECT %s::int AS beyond")

    assert prepared("SELECT $1::int AS within") == 0
    assert prepared("SELECT $1::int AS beyond") == 1


def test_goes_on_after_a_block_that_failed() -> None:
    with pytest.raises(ZeroDivisionError), planned_for_values():
        raise ZeroDivisionError
    send("SELECT %s::int AS afterwards")

    assert prepared("SELECT $1::int AS afterwards") == 1


def test_changes_nothing_unless_wanted() -> None:
    with planned_for_values(False):
        send("SELECT %s::int AS unwanted")

    assert prepared("SELECT $1::int AS unwanted") == 1
