"""SQLite with the library's real limit on parameters.

Django 5.2 assumes the limit of 999 that SQLite had before 3.32, and splits bulk inserts
accordingly: 5,000 events of a propagation took fifty statements. This backend asks the library, as
later Django versions do. Nothing else differs from `django.db.backends.sqlite3`.
"""

import sqlite3

from django.db.backends.sqlite3 import base, features
from django.utils.functional import cached_property


class DatabaseFeatures(features.DatabaseFeatures):
    """SQLite's features, with the limit on parameters read from the library."""

    @cached_property
    def max_query_params(self) -> int:  # type: ignore[override]
        """The maximum number of parameters in one statement on this connection."""
        self.connection.ensure_connection()
        limit: int = self.connection.connection.getlimit(
            sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
        )
        return limit


class DatabaseWrapper(base.DatabaseWrapper):
    """The database connection; the settings name it as `orderchainer.core.db.sqlite`."""

    features_class = DatabaseFeatures
