"""Statements that the ORM writes once and that then run often, with other values each time.

Writing a statement with a few subqueries takes the ORM longer than PostgreSQL takes to answer it, and
it comes out the same each time. Only reads that are asked at every request are worth this.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, ParamSpec, cast
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL

Row = dict[str, Any]
P = ParamSpec("P")

# What no argument is: by these the arguments' places are found again in what the ORM wrote.
_NUMBER = -(2**62)
_TEXT = "\x00\x00"  # no database takes it, so nobody else has written it
_UUID = 2**127
_OUT_OF_RANGE = 2**63

# Of each query. What shapes a statement may come from a client, who can think of orderings without end.
MAX_KEPT = 64


def prepared(
    write: Callable[P, QuerySet[Any, Row]],
) -> Callable[P, list[Row]]:
    """Turn a function that writes a query of `.values()` into one that runs it and returns the rows.

    Positional arguments are values, which `write` may only compare columns with: numbers, texts, UUIDs, or
    a query for an IN, which is written anew each time. Keyword arguments shape the statement: one is kept
    for each combination, as long as it is among the last `MAX_KEPT`.
    """

    @lru_cache(maxsize=MAX_KEPT)
    def statement_for(
        _vendor: str, kinds: tuple[type, ...], shape: tuple[tuple[str, Hashable], ...]
    ) -> _Statement:
        stand_ins = [_stand_in(index, kind) for index, kind in enumerate(kinds)]
        queryset = cast("Callable[..., QuerySet[Any, Row]]", write)(
            *stand_ins, **dict(shape)
        )
        return _statement_of(queryset, stand_ins)

    @wraps(write)
    def run(*args: P.args, **kwargs: P.kwargs) -> list[Row]:
        kinds = tuple(map(type, args))
        shape = tuple(sorted(kwargs.items()))
        return statement_for(connection.vendor, kinds, shape).run(args)

    return run


@dataclass(frozen=True)
class _Place:
    """Where an argument goes, and the form that the database's parameters have it in."""

    index: int
    form: Callable[[Any], object]


@dataclass(frozen=True)
class _Query:
    """Where an argument that is a query goes; `mark` holds its place in the text."""

    index: int
    mark: str


@dataclass(frozen=True)
class _Statement:
    sql: str
    params: Sequence[object]
    names: Sequence[str]
    # By name: how a value of the database becomes one of ours, and the expression it comes from.
    converters: Sequence[tuple[str, Sequence[Callable[..., Any]], object]]

    def run(self, values: Sequence[object]) -> list[Row]:
        # As with the ORM, a number that no column can hold finds nothing.
        if any(
            isinstance(value, int) and abs(value) >= _OUT_OF_RANGE for value in values
        ):
            return []
        try:
            sql, params = self._filled(values)
        except EmptyResultSet:
            return []
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            rows = [
                dict(zip(self.names, row, strict=True)) for row in cursor.fetchall()
            ]
        for name, converters, expression in self.converters:
            for row in rows:
                for convert in converters:
                    row[name] = convert(row[name], expression, connection)
        return rows

    def _filled(self, values: Sequence[Any]) -> tuple[str, list[Any]]:
        sql = self.sql
        params: list[Any] = []
        for param in self.params:
            if isinstance(param, _Place):
                params.append(param.form(values[param.index]))
            elif isinstance(param, _Query):
                inner, inner_params = values[param.index].query.sql_with_params()
                sql = sql.replace(param.mark, inner)
                params.extend(inner_params)
            else:
                params.append(param)
        return sql, params


def _stand_in(index: int, kind: type) -> object:
    if issubclass(kind, QuerySet):
        return RawSQL(f"/*{index}*/", [])
    if issubclass(kind, UUID):
        return UUID(int=_UUID - index)
    if issubclass(kind, str):
        return f"{_TEXT}{index}"
    return _NUMBER - index


def _statement_of(
    queryset: QuerySet[Model, Row], stand_ins: Sequence[object]
) -> _Statement:
    compiler = queryset.query.get_compiler(using=queryset.db)
    sql, written = compiler.as_sql()
    params = [_place_of(param, stand_ins) for param in written]
    for index, stand_in in enumerate(stand_ins):
        if isinstance(stand_in, RawSQL):
            before = sql[: sql.index(stand_in.sql)].count("%s")
            params.insert(before, _Query(index, stand_in.sql))
    names = list(queryset.query.selected or ())
    return _Statement(
        sql,
        params,
        names,
        [
            (names[column], converters, expression)
            for column, (converters, expression) in compiler.get_converters(
                [selected for selected, _, _ in compiler.select]
            ).items()
        ],
    )


def _place_of(param: object, stand_ins: Sequence[object]) -> object:
    for index, stand_in in enumerate(stand_ins):
        if param == stand_in:
            # Numbers come in a type of the driver's that fits the column.
            return _Place(index, type(param) if isinstance(param, int) else _as_it_is)
        if isinstance(stand_in, UUID) and param == stand_in.hex:
            return _Place(index, _hex)
    return param


def _as_it_is(value: object) -> object:
    return value


def _hex(value: UUID) -> str:
    return value.hex
