"""Sums of amounts of money, exact on both databases."""

from decimal import Decimal

from django.db.models import Aggregate, DecimalField

from orderchainer.core.money import COLUMN_DECIMALS, ZERO

# SQLite keeps amounts as binary floats, and a sum of many would drift. So we add integers: one sum
# for the whole units and one for the decimals, because a single sum of both could overflow.
_IN_INTEGERS = (
    "CAST(sum(CAST({amount} AS integer)){only} AS text) || ' ' || CAST(sum(CAST("
    "round(({amount} - CAST({amount} AS integer))"
    f" * {10**COLUMN_DECIMALS}) AS integer)){{only}} AS text)"
)


class _SumField(DecimalField):  # type: ignore[type-arg]  # no generic class at runtime
    """A sum as the database returns it. Django takes every `DecimalField` of SQLite for a float."""

    def get_internal_type(self) -> str:
        return "SumOfAmounts"

    def from_db_value(
        self, value: str | Decimal | None, expression: object, connection: object
    ) -> Decimal:
        return sum_from(value)


def sum_from(value: str | Decimal | None) -> Decimal:
    """Return a `SumOfAmounts` from what the database returned for it."""
    if isinstance(value, str):
        whole, rest = map(int, value.split())
        return whole + Decimal(rest).scaleb(-COLUMN_DECIMALS)
    return ZERO if value is None else value


class SumOfAmounts(Aggregate):
    """The sum of a column of amounts, or of prices times quantities; none of them is negative."""

    function = "SUM"
    name = "SumOfAmounts"
    output_field = _SumField(max_digits=40, decimal_places=COLUMN_DECIMALS)

    def as_sqlite(self, compiler, connection, **_):  # type: ignore[no-untyped-def]
        """Add integers."""
        amount, params = compiler.compile(self.source_expressions[0])
        condition, values = compiler.compile(self.filter) if self.filter else ("", ())
        only = f" FILTER (WHERE {condition})" if self.filter else ""
        return _IN_INTEGERS.format(amount=amount, only=only), [
            *params,
            *values,
            *params,
            *params,
            *values,
        ]
