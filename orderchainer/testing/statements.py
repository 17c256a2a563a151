"""Show tests the statements that go to the database."""

import re
from collections.abc import Callable
from typing import Any

# Each savepoint has its own name.
_SAVEPOINT = re.compile(r'SAVEPOINT "\w+"')
CHANGES = ("INSERT", "UPDATE", "DELETE")


class Statements:
    """Records each statement without its values, as an `execute_wrapper` of Django."""

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
        """Run the statement and record it."""
        result = execute(sql, params, many, context)
        self._all.append(_SAVEPOINT.sub("SAVEPOINT", sql))
        # A conditional UPDATE that changes no row counts as a read.
        if sql.startswith(CHANGES) and context["cursor"].rowcount:
            self._changes.append(sql)
        return result

    def take(self) -> list[str]:
        """Return all statements since the last call, in order."""
        taken = list(self._all)
        self._all.clear()
        return taken

    @property
    def changes(self) -> list[str]:
        """The statements that changed a row, even if they were rolled back later."""
        return self._changes
