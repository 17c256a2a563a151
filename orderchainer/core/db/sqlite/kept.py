"""Connections to SQLite that stay open for whoever needs one next.

Opening a connection takes longer than the statements of most requests: SQLite reads and parses the
whole schema, with its hundreds of tables and indexes. When the last connection closes, SQLite also
writes its log back into the database. Django would keep connections by thread, but under ASGI each
request has a new thread. So here a connection that Django closes waits for the next thread.

Only a process that calls `keep` keeps any. Such a process must not fork.
"""

import sqlite3
from contextlib import suppress
from threading import Lock
from typing import Any
from weakref import WeakSet

_lock = Lock()
_most = 0
_idle: dict[str, list["Connection"]] = {}


def keep(most: int) -> None:
    """Keep up to `most` idle connections to each database from now on. 0 closes all of them."""
    global _most
    with _lock:
        _most = most
        surplus = [connection for idle in _idle.values() for connection in idle[most:]]
        for idle in _idle.values():
            del idle[most:]
    for connection in surplus:
        connection.close_for_good()


def take(database: str) -> "Connection | None":
    """Return a connection to `database` that waits for its next use, or None if none does."""
    with _lock:
        idle = _idle.get(database)
        # The one that was used last has most in its memory.
        return idle.pop().taken() if idle else None


class Connection(sqlite3.Connection):
    """A connection that may be kept when it is closed."""

    def __init__(self, database: str, *args: Any, **options: Any) -> None:
        super().__init__(database, *args, **options)
        self._database = database
        self._is_idle = False
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def taken(self) -> "Connection":
        """Return it for use."""
        self._is_idle = False
        return self

    def cursor(self, *args: Any, **options: Any) -> Any:
        """Return a new cursor."""
        cursor = super().cursor(*args, **options)
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Keep it if there is room, as if it were new; close it otherwise."""
        if self._is_idle:
            return
        with suppress(sqlite3.Error):
            self._clean()
            with _lock:
                idle = _idle.setdefault(self._database, [])
                if len(idle) < _most:
                    self._is_idle = True
                    idle.append(self)
                    return
        self.close_for_good()

    def _clean(self) -> None:
        # A statement that was not read to its end keeps what it read from being overwritten.
        for cursor in list(self._cursors):
            cursor.close()
        self._cursors.clear()
        self.rollback()
        # Changing tables switches this off.
        self.execute("PRAGMA foreign_keys = ON")

    def close_for_good(self) -> None:
        """Close it."""
        super().close()
