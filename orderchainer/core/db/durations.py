"""Durations in SQL: seconds between two moments, and the spread of many such durations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import FloatField, Func, QuerySet
from django.db.models.expressions import RawSQL

from orderchainer.core.db.prepared import compiled

# A statement and its parameters.
Sql = tuple[str, tuple[Any, ...]]

# A percentile lies between two places, which integers find exactly on both databases.
_SPREAD = """
SELECT {names}, count(*), avg(seconds), {percentiles}
FROM (
    SELECT {names}, seconds,
        row_number() OVER ({partition} ORDER BY seconds) - 1 AS place,
        count(*) OVER ({partition}) AS total
    FROM ({durations}) AS durations WHERE seconds IS NOT NULL
) AS placed
{grouped}
"""
_AT_PLACE = "max(CASE WHEN place = {place} THEN seconds END)"
_BELOW, _ABOVE = "(total - 1) * {percent} / 100", "((total - 1) * {percent} + 99) / 100"
_PERCENTS = (50, 90)


_SECONDS = {
    "postgresql": "EXTRACT(EPOCH FROM ({end}) - ({start}))::float8",
    # The days since noon of 24 November 4714 BC.
    "sqlite": "((julianday({end}) - julianday({start})) * 86400.0)",
}


def seconds_between(start: str, end: str) -> str:
    """Return the seconds from one moment to a later one, as SQL for this database."""
    return _SECONDS[connection.vendor].format(start=start, end=end)


class SecondsBetween(Func):
    """The seconds from one moment to a later one."""

    arity = 2
    output_field = FloatField()

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Sql:
        """Subtract the moments."""
        return self._difference(compiler)

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Sql:
        """Subtract the moments."""
        return self._difference(compiler)

    def _difference(self, compiler: Any) -> Sql:
        start, end = map(compiler.compile, self.source_expressions)
        return seconds_between(start[0], end[0]), (*end[1], *start[1])


@dataclass(frozen=True)
class Spread:
    """How durations are spread, in seconds. Without durations everything but the count is None.

    The percentiles are interpolated between the two nearest durations, so `p50` is the median.
    """

    count: int = 0
    average: float | None = None
    p50: float | None = None
    p90: float | None = None


def spread_of(durations: QuerySet[Any, Any]) -> Spread:
    """Return the spread of rows that have `seconds`, in one statement."""
    return spreads_of(durations).get((), Spread())


def spreads_of(
    durations: QuerySet[Any, Any] | RawSQL, by: Sequence[str] = ()
) -> Mapping[tuple[Any, ...], Spread]:
    """Return the spread of `seconds` for each combination of the columns `by`, in one statement.

    `durations` are rows with those columns and `seconds`, or a statement for such rows. Rows
    without seconds do not count.
    """
    names = ", ".join(f'"{name}"' for name in by)
    quantiles = [
        _AT_PLACE.format(place=place.format(percent=percent))
        for percent in _PERCENTS
        for place in (_BELOW, _ABOVE)
    ]
    inner = durations if isinstance(durations, RawSQL) else compiled(durations)
    sql = _SPREAD.format(
        names=names or "1",
        percentiles=", ".join(quantiles),
        partition=f"PARTITION BY {names}" if names else "",
        grouped=f"GROUP BY {names}" if names else "",
        durations=inner.sql,
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, inner.params)
        rows = cursor.fetchall()
    width = max(1, len(by))
    return {
        tuple(row[: len(by)]): _spread(*row[width:])
        for row in rows
        if row[width]  # without groups there is a row even if there are no durations
    }


def spread_in(values: Sequence[float]) -> Spread:
    """Return the spread of values that are at hand."""
    if not values:
        return Spread()
    ordered, last = sorted(values), len(values) - 1
    places = [
        ordered[place]
        for percent in _PERCENTS
        for place in (last * percent // 100, -(-last * percent // 100))
    ]
    return _spread(len(values), sum(values) / len(values), *places)


def _spread(count: int, average: float, *places: float) -> Spread:
    p50, p90 = (
        below + (above - below) * ((count - 1) * percent % 100 / 100)
        for percent, below, above in zip(_PERCENTS, places[::2], places[1::2], strict=True)
    )
    return Spread(count, float(average), p50, p90)
