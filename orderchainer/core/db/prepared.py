"""Compile a queryset once and run its SQL many times with other values.

Django takes longer to compile a statement with a few subqueries than PostgreSQL takes to answer it,
and each compilation gives the same SQL. Use this only for reads that nearly every request makes.

Django has no public way to keep a compiled statement together with the conversion of its columns,
so `_compile` reads four things from Django's SQL compiler. `orderchainer/tests/test_prepared.py`
and the tests of each prepared read compare the rows with those of the plain queryset, and fail if
Django changes inside.
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
from django.db.transaction import TransactionManagementError

Row = dict[str, Any]
P = ParamSpec("P")

# Placeholders that no real argument equals. We compile the queryset with them and search the
# parameters of the compiled SQL for them, to find where each argument goes.
_NUMBER_PLACEHOLDER = -(2**62)
_TEXT_PLACEHOLDER = "\x00\x00"  # no database stores a null character in a text
_UUID_PLACEHOLDER = 2**127
_OUT_OF_RANGE = 2**63

# Statements kept for each prepared function. Clients choose the ordering, so without a bound they
# could fill the memory with statements.
MAX_KEPT = 64


def prepared(
    build: Callable[P, QuerySet[Any, Row]], *, locking: type[Model] | None = None
) -> Callable[P, list[Row]]:
    """Turn a function that returns a `.values()` queryset into one that runs it and returns the
    rows.

    Positional arguments are values that `build` only compares with columns: numbers, texts or
    UUIDs. An argument may also be a RawSQL, or a queryset for an IN, which is compiled on every
    call. Keyword arguments change the statement itself, so each combination gets its own; the last
    `MAX_KEPT` combinations are kept.

    With `locking`, the rows of that model's table are locked against other changes until the
    transaction ends, in the order of the queryset, but not what is joined to them: FOR NO KEY
    UPDATE. Django cannot say so for a `.values()` queryset.
    """

    @lru_cache(maxsize=MAX_KEPT)
    def statement_for(
        _vendor: str, kinds: tuple[type, ...], shape: tuple[tuple[str, Hashable], ...]
    ) -> _Statement:
        placeholders = [_placeholder(index, kind) for index, kind in enumerate(kinds)]
        queryset = cast("Callable[..., QuerySet[Any, Row]]", build)(*placeholders, **dict(shape))
        return _compile(queryset, placeholders, locking)

    @wraps(build)
    def run(*args: P.args, **kwargs: P.kwargs) -> list[Row]:
        if locking is not None and not connection.in_atomic_block:
            raise TransactionManagementError("Rows are locked within a transaction.")
        kinds = tuple(map(type, args))
        shape = tuple(sorted(kwargs.items()))
        return statement_for(connection.vendor, kinds, shape).run(args)

    return run


def compiled(queryset: QuerySet[Any, Any]) -> RawSQL:
    """Return the statement of a queryset, for an IN or for a part of another statement.

    Raises EmptyResultSet if the queryset cannot have any rows.
    """
    return RawSQL(*queryset.query.sql_with_params())


@dataclass(frozen=True)
class _ValueSlot:
    """A parameter that an argument fills, and how to convert the argument for the driver."""

    index: int
    convert: Callable[[Any], object]


@dataclass(frozen=True)
class _SubquerySlot:
    """A place in the SQL that an argument's own SQL fills.

    `mark` is the text that stands there now.
    """

    index: int
    mark: str


@dataclass(frozen=True)
class _Statement:
    sql: str
    # Constants, `_ValueSlot` and `_SubquerySlot`, in the order in which the SQL takes them.
    params: Sequence[object]
    names: Sequence[str]
    # Column name, functions that turn the database's value into Python's, and the column's
    # expression.
    converters: Sequence[tuple[str, Sequence[Callable[..., Any]], object]]

    def run(self, values: Sequence[object]) -> list[Row]:
        # No column holds such a number, so no row matches. Django answers these without a query,
        # too.
        if any(isinstance(value, int) and abs(value) >= _OUT_OF_RANGE for value in values):
            return []
        try:
            sql, params = self._filled(values)
        except EmptyResultSet:
            return []
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            rows = [dict(zip(self.names, row, strict=True)) for row in cursor.fetchall()]
        for name, converters, expression in self.converters:
            for row in rows:
                for convert in converters:
                    row[name] = convert(row[name], expression, connection)
        return rows

    def _filled(self, values: Sequence[Any]) -> tuple[str, list[Any]]:
        sql = self.sql
        params: list[Any] = []
        for param in self.params:
            if isinstance(param, _ValueSlot):
                params.append(param.convert(values[param.index]))
            elif isinstance(param, _SubquerySlot):
                value = values[param.index]
                inner = value if isinstance(value, RawSQL) else compiled(value)
                sql = sql.replace(param.mark, inner.sql)
                params.extend(inner.params)
            else:
                params.append(param)
        return sql, params


def _placeholder(index: int, kind: type) -> object:
    if issubclass(kind, QuerySet | RawSQL):
        return RawSQL(f"/*{index}*/", [])
    if issubclass(kind, UUID):
        return UUID(int=_UUID_PLACEHOLDER - index)
    if issubclass(kind, str):
        return f"{_TEXT_PLACEHOLDER}{index}"
    return _NUMBER_PLACEHOLDER - index


def _compile(
    queryset: QuerySet[Model, Row],
    placeholders: Sequence[object],
    locking: type[Model] | None = None,
) -> _Statement:
    """Read the SQL, the names of the columns and their converters from Django's compiler."""
    compiler = queryset.query.get_compiler(using=queryset.db)
    sql, compiled_params = compiler.as_sql()
    # SQLite has one writer at a time.
    if locking is not None and connection.vendor == "postgresql":
        sql = f'{sql} FOR NO KEY UPDATE OF "{locking._meta.db_table}"'
    names = list(queryset.query.selected or ())
    columns = [expression for expression, _, _ in compiler.select]
    converters = [
        (names[column], functions, expression)
        for column, (functions, expression) in compiler.get_converters(columns).items()
    ]
    params = [_slot_of(param, placeholders) for param in compiled_params]
    subqueries = [
        (sql.index(placeholder.sql), _SubquerySlot(index, placeholder.sql))
        for index, placeholder in enumerate(placeholders)
        if isinstance(placeholder, RawSQL)
    ]
    for inserted, (place, slot) in enumerate(sorted(subqueries, key=lambda pair: pair[0])):
        params.insert(sql[:place].count("%s") + inserted, slot)
    return _Statement(sql, params, names, converters)


def _slot_of(param: object, placeholders: Sequence[object]) -> object:
    """Return the slot of the argument that `param` is the placeholder of.

    Returns `param` itself if it is a constant.
    """
    for index, placeholder in enumerate(placeholders):
        if param == placeholder:
            # The driver has a type for each size of integer. `param` has the one that Django chose
            # for the column.
            return _ValueSlot(index, type(param) if isinstance(param, int) else _unchanged)
        if isinstance(placeholder, UUID) and param == placeholder.hex:
            return _ValueSlot(index, _hex)
    return param


def _unchanged(value: object) -> object:
    return value


def _hex(value: UUID) -> str:
    return value.hex
