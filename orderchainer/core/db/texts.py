"""Functions of texts that give the same on both databases."""

from typing import Any

from django.db.models import Func

# A statement and its parameters.
Sql = tuple[str, tuple[Any, ...]]


class LowerAscii(Func):
    """A text with A to Z in lower case, and all other letters as they are."""

    function = "LOWER"
    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Sql:
        """Leave out the rules of languages, which SQLite does not know and which take longer."""
        sql, params = self.as_sql(
            compiler, connection, template='%(function)s(%(expressions)s COLLATE "C")', **extra
        )
        return sql, tuple(params)
