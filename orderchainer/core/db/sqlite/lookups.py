"""Searches that ignore the case of every script, as PostgreSQL's do.

SQLite's own LIKE ignores the case of ASCII only, so "ärztekoffer" did not find "Ärztekoffer".
PostgreSQL compares upper-case forms, letter by letter; so do we, with a function in Python. That
takes much longer than LIKE, so we call it only for text that LIKE could misjudge.
"""

from typing import Any

from django.db.models import Field
from django.db.models.lookups import IContains, IStartsWith

UPPER = "simple_upper"
# The only letters outside ASCII whose upper-case forms are in it: the dotless i and
# the long s.
_ASCII_IN_UPPER_CASE = "\u0131\u017f"


def simple_upper(text: object) -> str | None:
    """Return a text in upper case, letter by letter: ß stays, because SS is two letters."""
    if text is None:
        return None
    text = str(text)
    upper = text.upper()
    # No letter gets shorter, so equal lengths mean that each became one letter.
    if len(upper) == len(text):
        return upper
    return "".join(capital if len(capital := letter.upper()) == 1 else letter for letter in text)


class _Folding:
    """A lookup that compares upper-case forms. `found` is the condition on the match's position."""

    found: str

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Use LIKE for ASCII, and compare in upper case what LIKE could misjudge."""
        lookup: Any = self
        text = lookup.rhs
        if not isinstance(text, str):
            sql, params = lookup.as_sql(compiler, connection)
            return sql, list(params)
        column, column_params = lookup.process_lhs(compiler, connection)
        upper = simple_upper(text) or ""
        in_upper_case = f"instr({UPPER}({column}), %s) {self.found}"
        if not text.isascii():
            return in_upper_case, [*column_params, upper]
        sql, params = lookup.as_sql(compiler, connection)
        if not {"I", "S"} & set(upper):
            return sql, list(params)
        return (
            f"({sql} OR ({column} GLOB '*[{_ASCII_IN_UPPER_CASE}]*' AND {in_upper_case}))",
            [*params, *column_params, *column_params, upper],
        )


class FoldingIContains(_Folding, IContains):
    """`icontains` in every script."""

    found = "> 0"


class FoldingIStartsWith(_Folding, IStartsWith):
    """`istartswith` in every script."""

    found = "= 1"


def register() -> None:
    """Let every column use these lookups on SQLite. Other databases keep Django's SQL."""
    Field.register_lookup(FoldingIContains)
    Field.register_lookup(FoldingIStartsWith)
