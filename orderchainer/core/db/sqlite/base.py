"""SQLite with the library's real limit on parameters, and searches that ignore case in any script.

Django 5.2 assumes the limit of 999 that SQLite had before 3.32, and splits bulk inserts
accordingly: 5,000 events of a propagation took fifty statements. This backend asks the library, as
later Django versions do. It also asks the library only once whether it knows JSON. `lookups.py`
describes the searches. And a server may keep connections open: `kept.py` says why. Nothing else
differs from `django.db.backends.sqlite3`.
"""

import logging
import sqlite3
from contextlib import closing
from functools import cache
from typing import Any

from django.db.backends.sqlite3 import base, features
from django.utils.functional import cached_property

from orderchainer.core.db.sqlite import kept, lookups

lookups.register()

statements_log = logging.getLogger("django.db.backends")


class DatabaseFeatures(features.DatabaseFeatures):
    """SQLite's features, with the limit on parameters read from the library."""

    @cached_property
    def max_query_params(self) -> int:  # type: ignore[override]
        """The maximum number of parameters in one statement on this connection."""
        self.connection.ensure_connection()
        limit: int = self.connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        return limit

    @cached_property
    def supports_json_field(self) -> bool:  # type: ignore[override]
        """Whether the library knows JSON.

        Django asks each new connection in a transaction, and ours begin as those of writers. So
        each page that reads JSON would wait for whoever writes, and take two more statements.
        """
        return _knows_json()


@cache
def _knows_json() -> bool:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("SELECT json('{}')")
        except sqlite3.OperationalError:
            return False
    return True


class DatabaseWrapper(base.DatabaseWrapper):
    """The database connection; the settings name it as `orderchainer.core.db.sqlite`."""

    features_class = DatabaseFeatures

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a kept connection, or open one and add the function that the searches call."""
        if (idle := kept.take(conn_params["database"])) is not None:
            return idle
        connection = super().get_new_connection(conn_params | {"factory": kept.Connection})
        connection.create_function(lookups.UPPER, 1, lookups.simple_upper, deterministic=True)
        return connection

    @property
    def queries_logged(self) -> bool:
        """Whether statements are written down: for tests that ask, or with LOG_LEVEL=DEBUG.

        With DEBUG on, Django does so in any case, which takes a second statement for each that has
        parameters.
        """
        return self.force_debug_cursor or (
            super().queries_logged and statements_log.isEnabledFor(logging.DEBUG)
        )
