"""What a test sees of the statements that go to the database."""

import re
from collections.abc import Callable
from typing import Any

# Each has a name of its own.
_SAVEPOINT = re.compile(r'SAVEPOINT "\w+"')
CHANGES = ("INSERT", "UPDATE", "DELETE")


class Statements:
    """Notes each statement, without its values; wrapped around them by Django's `execute_wrapper`."""

    def __init__(self) -> None:
        self._all: list[str] = []
        self._changes: list[str] = []

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: Any,
    ) -> Any:
        """Run the statement and note it."""
        result = execute(sql, params, many, context)
        self._all.append(_SAVEPOINT.sub("SAVEPOINT", sql))
        # A conditional UPDATE that finds nothing is a way of looking.
        if sql.startswith(CHANGES) and context["cursor"].rowcount:
            self._changes.append(sql)
        return result

    def take(self) -> list[str]:
        """Return all statements since the last time, in order."""
        taken = list(self._all)
        self._all.clear()
        return taken

    @property
    def changes(self) -> list[str]:
        """The statements that changed a row, whether or not they were taken back since."""
        return self._changes
