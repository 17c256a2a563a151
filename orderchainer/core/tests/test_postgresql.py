"""The pool never hands out a dead connection, and rarely asks the server about them."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from orderchainer.core.db.postgresql import base

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="needs DATABASE_URL to name a PostgreSQL",
    ),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def pooled() -> Iterator[base.DatabaseWrapper]:
    """A Django connection to the test database, with its own pool."""
    options = {"pool": {"min_size": 3, "max_size": 3, "timeout": 5}}
    wrapper = base.DatabaseWrapper({**connection.settings_dict, "OPTIONS": options}, alias="pooled")
    yield wrapper
    wrapper.close()
    wrapper.close_pool()


def pid_of_the_next(pooled: base.DatabaseWrapper) -> int:
    """Take a connection from the pool, as a request does, use it and give it back."""
    with pooled.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
    pooled.close()
    return pid


def end_backends(pooled: base.DatabaseWrapper) -> int:
    """End every backend of the pool, as a restart of the server does. Return how many it ended."""
    pooled.pool.wait()
    pids = [held.info.backend_pid for held in pooled.pool._pool]
    parameters: dict[str, Any] = connection.get_connection_params()
    parameters = {
        key: parameters[key]
        for key in ("dbname", "user", "password", "host", "port")
        if key in parameters
    }
    with psycopg.connect(**parameters, autocommit=True) as server:
        for pid in pids:
            # Wait until it is gone, for up to five seconds.
            server.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    return len(pids)


def test_no_request_gets_a_connection_that_the_server_ended(
    pooled: base.DatabaseWrapper,
) -> None:
    before = pid_of_the_next(pooled)
    assert end_backends(pooled) == 3

    after = {pid_of_the_next(pooled) for _ in range(6)}

    assert before not in after


def test_a_healthy_connection_is_checked_occasionally(
    pooled: base.DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(
        ConnectionPool,
        "check_connection",
        staticmethod(lambda held: asked.append(held.info.backend_pid)),
    )
    moment = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: moment)
    pooled.pool.open()
    pooled.pool.wait()

    for _ in range(9):
        pid_of_the_next(pooled)
    assert len(asked) == len(set(asked)) == 3

    moment += base.MAX_UNCHECKED_SECONDS + 1
    for _ in range(9):
        pid_of_the_next(pooled)
    assert len(asked) == 6


def test_connections_of_the_pool_compile_no_statements(pooled: base.DatabaseWrapper) -> None:
    """Also after a rollback, which would undo a setting of its transaction."""
    for _ in range(4):
        with pooled.cursor() as cursor:
            cursor.execute("SHOW jit")
            assert cursor.fetchone() == ("off",)
        pooled.set_autocommit(False)
        pooled.rollback()
        pooled.set_autocommit(True)
        pooled.close()


def test_connections_without_a_pool_compile_no_statements() -> None:
    alone = base.DatabaseWrapper({**connection.settings_dict, "OPTIONS": {}}, alias="alone")
    alone.ensure_connection()
    alone.set_autocommit(False)
    alone.rollback()
    with alone.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
    alone.rollback()
    alone.close()
