"""The date and the hour that the clocks of a time zone show, worked out by the database.

Both databases get the offsets of the zone from us, as a CASE over the moments at which the clocks
change. So they agree with each other and with `orderchainer/core/days.py`, whatever zones the
database's own system knows. Each moment has one date and one hour, also when the clocks show an
hour twice or skip one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import DateField, Func, IntegerField

from orderchainer.core.days import Span, offsets_within

# A statement and its parameters.
Sql = tuple[str, tuple[Any, ...]]

HOURS_OF_A_DAY = 24
HOURS_OF_A_WEEK = 7 * HOURS_OF_A_DAY


@dataclass(frozen=True)
class _Dialect:
    """How a database writes moments and offsets."""

    moment: str
    offset: str

    def offset_of(self, column: str, offsets: Sequence[tuple[datetime, int]]) -> str:
        """Return the offset that holds at `column`, as SQL without parameters.

        A parameter in both SELECT and GROUP BY would make two expressions of one.
        """
        *earlier, (_, last) = offsets
        cases = [
            f"WHEN {column} < {self._moment(until)} THEN {self.offset.format(seconds)}"
            for (_, seconds), (until, _) in zip(earlier, offsets[1:], strict=True)
        ]
        otherwise = self.offset.format(last)
        return f"CASE {' '.join(cases)} ELSE {otherwise} END" if cases else otherwise

    def _moment(self, moment: datetime) -> str:
        return self.moment.format(moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"))


_POSTGRESQL = _Dialect(moment="'{}+00'::timestamptz", offset="interval '{} seconds'")
# The text of a moment with a fraction of a second sorts after the text without one.
_SQLITE = _Dialect(moment="'{}'", offset="'{:+d} seconds'")


class _Local(Func):
    """Something that the clocks of `span.zone` show at a moment in the span."""

    def __init__(self, expression: str, span: Span) -> None:
        super().__init__(expression)
        self.offsets = offsets_within(span)

    def _local_time(self, compiler: Any) -> str:
        """Return the local time without a zone, in the database's own SQL."""
        column, params = compiler.compile(self.source_expressions[0])
        assert not params, "a column has no parameters"
        if compiler.connection.vendor == "postgresql":
            offset = _POSTGRESQL.offset_of(column, self.offsets)
            return f"({column} AT TIME ZONE 'UTC' + {offset})"
        # SQLite rounds fractions of a second, so a moment right before midnight would be on the
        # next day.
        return f"substr({column}, 1, 19), {_SQLITE.offset_of(column, self.offsets)}"


class LocalDate(_Local):
    """The date in the span's zone."""

    output_field = DateField()

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Sql:
        """Cast the local time."""
        return f"({self._local_time(compiler)})::date", ()

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Sql:
        """Ask SQLite's own function."""
        return f"date({self._local_time(compiler)})", ()


class LocalHourOfWeek(_Local):
    """The hour of the week in the span's zone, from 0: Monday between 0:00 and 1:00."""

    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Sql:
        """Count the days from Monday, and add the hour."""
        local = self._local_time(compiler)
        return (
            f"((extract(isodow FROM {local})::int - 1) * {HOURS_OF_A_DAY}"
            f" + extract(hour FROM {local})::int)",
            (),
        )

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Sql:
        """Count the days from Monday, and add the hour. SQLite counts them from Sunday."""
        local = self._local_time(compiler)
        return (
            f"((CAST(strftime('%%w', {local}) AS integer) + 6) %% 7 * {HOURS_OF_A_DAY}"
            f" + CAST(strftime('%%H', {local}) AS integer))",
            (),
        )
