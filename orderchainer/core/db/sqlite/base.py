"""SQLite with the parameter limit that the library really has.

Django 5.2 assumes the 999 parameters of SQLite before 3.32 and cuts bulk inserts into pieces of that
size: 5,000 events of a propagation became fifty statements. The library is asked instead, as later
Django versions do. Nothing else differs from `django.db.backends.sqlite3`.
"""

import sqlite3

from django.db.backends.sqlite3 import base, features
from django.utils.functional import cached_property


class DatabaseFeatures(features.DatabaseFeatures):
    """SQLite's features, with the bound on parameters read from the library."""

    @cached_property
    def max_query_params(self) -> int:  # type: ignore[override]
        """The most `?` that one statement may have on this connection."""
        self.connection.ensure_connection()
        limit: int = self.connection.connection.getlimit(
            sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
        )
        return limit


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection that settings name as `orderchainer.core.db.sqlite`."""

    features_class = DatabaseFeatures
