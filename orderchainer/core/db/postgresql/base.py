"""PostgreSQL with a pool that notices dead connections before it gives them to a request.

After a restart of the server all pooled connections are dead. Django can have the pool check each
connection (`CONN_HEALTH_CHECKS`), but that asks the server once more for every request. A server
that ends a connection says so, and checking whether something has arrived needs no round trip.
Its connections do not compile statements either. Nothing else differs from
`django.db.backends.postgresql`.
"""

import select
import time
from typing import Any
from weakref import WeakKeyDictionary

from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg_pool import ConnectionPool

# Ask the server itself at least this often: a machine that lost power, or a firewall that dropped
# an idle connection, does not say so.
MAX_UNCHECKED_SECONDS = 30.0

_checked_at: WeakKeyDictionary[Connection[Any], float] = WeakKeyDictionary()


def check(connection: Connection[Any]) -> None:
    """Raise `psycopg.OperationalError` if `connection`, which has been idle, is dead."""
    now = time.monotonic()
    checked_at = _checked_at.get(connection)
    if checked_at is None or now - checked_at > MAX_UNCHECKED_SECONDS or _has_word(connection):
        ConnectionPool.check_connection(connection)
        _checked_at[connection] = now


def _has_word(connection: Connection[Any]) -> bool:
    """Return whether the server has sent something unasked, or hung up."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


class DatabaseWrapper(base.DatabaseWrapper):
    """The database connection; the settings name it as `orderchainer.core.db.postgresql`."""

    @property
    def pool(self) -> Any:
        """The pool of this process, which checks each connection; None if the pool is off."""
        pool = super().pool
        if pool is not None:
            # Django gives the pool either psycopg's check or none, so we set ours here.
            # `test_postgresql.py` fails if psycopg renames the attribute.
            pool._check = check
        return pool

    def _configure_connection(self, connection: Connection[Any]) -> Any:
        """Prepare a new connection, and switch off PostgreSQL's compiler of statements.

        It starts when the planner expects a statement to be expensive, and then takes seconds for
        statements that run for milliseconds: 4.5 s for the response times of 10,000 messages,
        which take 45 ms without it.
        """
        connection.execute("SET jit = off")
        super()._configure_connection(connection)  # type: ignore[misc]  # the stubs lack it
        # Without autocommit, the setting would end with a rollback.
        return True
