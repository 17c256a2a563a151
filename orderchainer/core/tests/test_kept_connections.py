"""Connections to SQLite that a server keeps open between requests."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.utils import ConnectionHandler

from orderchainer.core.db.sqlite import kept

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_are_kept() -> Iterator[None]:
    kept.keep(2)
    yield
    kept.keep(0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept.db"


def wrapper_of(path: Path) -> Any:
    """Return a connection of Django's, as another thread has."""
    options = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}
    return ConnectionHandler(
        {
            "default": {
                "ENGINE": "orderchainer.core.db.sqlite",
                "NAME": str(path),
                "OPTIONS": options,
            }
        }
    )["default"]


def opened(path: Path) -> tuple[Any, Any]:
    wrapper = wrapper_of(path)
    wrapper.ensure_connection()
    return wrapper, wrapper.connection


def test_the_next_thread_gets_the_connection_that_was_closed_last(path: Path) -> None:
    (one, first), (other, second) = opened(path), opened(path)
    other.close()
    one.close()

    assert opened(path)[1] is first
    assert opened(path)[1] is second


def test_two_never_share_a_connection(path: Path) -> None:
    wrapper, first = opened(path)
    wrapper.close()
    first.close()

    assert opened(path)[1] is first
    assert opened(path)[1] is not first


def test_no_more_stay_open_than_are_to_be_kept(path: Path) -> None:
    three = [opened(path) for _ in range(3)]
    for wrapper, _ in three:
        wrapper.close()

    with pytest.raises(sqlite3.ProgrammingError):
        three[2][1].execute("SELECT 1")
    kept.keep(0)
    for _, connection in three:
        with pytest.raises(sqlite3.ProgrammingError):
            connection.execute("SELECT 1")


def test_connections_to_other_files_are_not_mixed_up(path: Path) -> None:
    wrapper, first = opened(path)
    wrapper.close()

    assert opened(path.with_name("other.db"))[1] is not first


def test_what_was_not_committed_is_gone(path: Path) -> None:
    wrapper, _ = opened(path)
    with wrapper.cursor() as cursor:
        cursor.execute("CREATE TABLE number (value INTEGER)")
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO number VALUES (1)")
    wrapper.close()

    with wrapper_of(path).cursor() as cursor:
        assert cursor.execute("SELECT value FROM number").fetchall() == []


def test_a_statement_that_nobody_read_to_its_end_keeps_no_snapshot(path: Path) -> None:
    wrapper, first = opened(path)
    wrapper.cursor().execute("CREATE TABLE number (value INTEGER)")
    wrapper.cursor().execute("INSERT INTO number VALUES (1), (2)")
    half_read = wrapper.connection.cursor()
    half_read.execute("SELECT value FROM number")
    assert half_read.fetchone() == (1,)
    wrapper.close()

    with sqlite3.connect(path) as other:
        other.execute("UPDATE number SET value = 3")
        other.commit()
        # It moves the log into the file and empties it, unless somebody reads an older state.
        (busy, *_) = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not busy
    assert opened(path)[1] is first


def test_foreign_keys_are_checked_even_after_somebody_switched_that_off(path: Path) -> None:
    wrapper, first = opened(path)
    wrapper.disable_constraint_checking()
    wrapper.close()

    again, second = opened(path)

    assert second is first
    assert again.cursor().execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_another_connection_sees_what_was_written_since(path: Path) -> None:
    wrapper, _ = opened(path)
    wrapper.cursor().execute("CREATE TABLE number (value INTEGER)")
    wrapper.close()
    with sqlite3.connect(path) as other:
        other.execute("ALTER TABLE number ADD COLUMN name TEXT")
        other.execute("INSERT INTO number VALUES (1, 'one')")

    with wrapper_of(path).cursor() as cursor:
        assert cursor.execute("SELECT * FROM number").fetchall() == [(1, "one")]
