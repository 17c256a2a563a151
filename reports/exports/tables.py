"""The tables of reports and statistics: which part of the payload each one shows, and how."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from orderchainer.core.errors import Invalid
from reports.exports.contracts import Cell, Column, Document, Kind, Table
from reports.payloads import Payload

_ORDERS = Column("total_orders", "Orders", Kind.COUNT)
_REVENUE = Column("total_revenue", "Revenue", Kind.AMOUNT)
_DATE = Column("date", "Day", Kind.DATE)
_SPREAD = (
    Column("count", "Count", Kind.COUNT),
    Column("average", "Average", Kind.SECONDS),
    Column("p50", "Half within", Kind.SECONDS),
    Column("p90", "90% within", Kind.SECONDS),
)
_VOLUME = (
    Column("total_messages", "Messages", Kind.COUNT),
    Column("inbound", "Came in", Kind.COUNT),
    Column("outbound", "Went out", Kind.COUNT),
    Column("ai_generated", "Suggested by the assistant", Kind.COUNT),
)
_CALLS = Column("calls", "Calls", Kind.COUNT)
_MODELS = (
    Column("total_api_calls", "Calls", Kind.COUNT),
    Column("total_tokens_used", "Tokens", Kind.COUNT),
    Column("total_cost_usd", "Cost", Kind.COST),
    Column("average_cost_per_call", "Cost of a call", Kind.COST),
    Column("calls_of_unknown_cost", "Calls of unknown cost", Kind.COUNT),
)
# The rows of a summary: a figure and its value.
_FIGURE = (Column("figure", "Figure"), Column("value", "Value", Kind.NUMBER))


@dataclass(frozen=True)
class Part:
    """A table of a payload.

    It is a list of objects, an object of objects, or an object of plain values. The keys of an
    object fill the first column.
    """

    name: str
    title: str
    columns: Sequence[Column]
    charted: str = ""

    def rows_in(self, payload: Payload) -> Iterator[Sequence[Cell]]:
        """Yield the rows, without those parts that an older payload did not have."""
        found = payload.get(self.name) or []
        if isinstance(found, list):
            for row in found:
                yield [_cell(column, row.get(column.name)) for column in self.columns]
            return
        _key, *others = self.columns
        for key, value in found.items():
            if len(others) > 1 and not isinstance(value, Mapping):
                continue
            values = value if isinstance(value, Mapping) else {others[0].name: value}
            yield [key, *(_cell(column, values.get(column.name)) for column in others)]


def _counts(name: str, title: str, of: str, counted: str) -> Part:
    """Return a table of an object of counts, such as `{"pending": 3}`."""
    word = Column(of.lower(), of, Kind.WORD)
    count = Column("count", counted, Kind.COUNT)
    return Part(name, title, [word, count], charted="count")


_SALES = (
    Part(
        "by_day",
        "Days",
        [
            _DATE,
            _ORDERS,
            _REVENUE,
            Column("average_orders_7_days", "Orders, average of 7 days", Kind.NUMBER),
            Column("average_revenue_7_days", "Revenue, average of 7 days", Kind.AMOUNT),
        ],
        charted="total_revenue",
    ),
    _counts("orders_by_status", "Orders by status", "Status", "Orders"),
    Part(
        "by_currency",
        "Currencies",
        [
            Column("currency", "Currency"),
            _ORDERS,
            _REVENUE,
            Column("average_order_value", "Average order", Kind.AMOUNT),
        ],
    ),
    Part(
        "by_provider",
        "Channels",
        [Column("provider", "Channel", Kind.WORD), _ORDERS, _REVENUE],
        charted="total_revenue",
    ),
    Part(
        "by_weekday",
        "Days of the week",
        [Column("weekday", "Day of the week", Kind.WORD), _ORDERS, _REVENUE],
        charted="total_revenue",
    ),
    Part(
        "by_hour",
        "Hours of the day",
        [Column("hour", "Hour", Kind.HOUR), _ORDERS, _REVENUE],
        charted="total_orders",
    ),
    Part(
        "trend",
        "Against the period before",
        [
            Column("figure", "Figure", Kind.WORD),
            Column("before", "Before", Kind.NUMBER),
            Column("change", "Change", Kind.NUMBER),
            Column("change_percent", "Change in per cent", Kind.NUMBER),
        ],
    ),
    Part(
        "top_products",
        "Best products",
        [
            Column("name", "Product"),
            Column("sku", "SKU"),
            Column("quantity", "Sold", Kind.COUNT),
            _REVENUE,
        ],
    ),
    Part(
        "top_customers",
        "Best customers",
        [
            Column("name", "Customer"),
            Column("email", "E-mail"),
            Column("phone", "Phone"),
            _ORDERS,
            _REVENUE,
        ],
    ),
)
# Statistics answer at once, so they leave out what takes the database longest.
_OF_STATISTICS = {"by_day", "orders_by_status", "by_currency", "by_provider"}
_PARTS: Mapping[str, Sequence[Part]] = {
    "sales": _SALES,
    "orders": tuple(part for part in _SALES if part.name in _OF_STATISTICS),
    "messages": (
        Part("by_day", "Days", [_DATE, *_VOLUME], charted="total_messages"),
        Part(
            "by_provider",
            "Channels",
            [Column("provider", "Channel", Kind.WORD), Column("count", "Messages", Kind.COUNT)],
            charted="count",
        ),
        _counts("by_status", "Messages by status", "Status", "Messages"),
        Part(
            "by_agent",
            "Members",
            [
                Column("name", "Member"),
                Column("messages", "Messages", Kind.COUNT),
                Column("conversations", "Conversations", Kind.COUNT),
            ],
        ),
    ),
    "performance": (
        Part(
            "by_day",
            "Days",
            [
                _DATE,
                Column("orders_placed", "Orders placed", Kind.COUNT),
                Column("orders_done", "Orders done", Kind.COUNT),
            ],
            charted="orders_done",
        ),
        Part(
            "status_seconds",
            "Time in each status",
            [Column("status", "Status", Kind.WORD), *_SPREAD],
        ),
        _counts("blocked_by", "What blocked orders", "Status", "Times"),
    ),
    "usage": (
        Part("by_day", "Days", [_DATE, _CALLS], charted="calls"),
        _counts("by_surface", "Calls by surface", "Surface", "Calls"),
        Part("by_user", "Users", [Column("name", "User"), _CALLS]),
        Part("by_token", "API tokens", [Column("name", "API token"), _CALLS]),
    ),
    "assistant": (
        Part("by_day", "Days", [_DATE, *_MODELS], charted="total_api_calls"),
        Part("by_model", "Models", [Column("model", "Model"), *_MODELS]),
        Part("by_kind", "Kinds of calls", [Column("kind", "Kind", Kind.WORD), *_MODELS]),
    ),
}
SUMMARY = "summary"
TABLES: Mapping[str, Sequence[str]] = {
    name: (SUMMARY, *(part.name for part in parts)) for name, parts in _PARTS.items()
}
_AMOUNTS = frozenset({"total_revenue", "average_order_value"})


def tables_of(document: Document) -> list[Table]:
    """Return the tables of a document, the summary first."""
    return [_summary(document), *_others(document)]


def table_named(document: Document, name: str) -> Table:
    """Return one table of a document. Raises `Invalid` for `table`."""
    known = TABLES[document.tables]
    if name not in known:
        raise Invalid({"table": [f"Must be one of {', '.join(known)}."]})
    return next(table for table in tables_of(document) if table.name == name)


def _others(document: Document) -> Iterator[Table]:
    currency = str(document.payload.get("currency", ""))
    for part in _PARTS[document.tables]:
        names_currency = any(column.name == "currency" for column in part.columns)
        has_amounts = any(column.kind is Kind.AMOUNT for column in part.columns)
        yield Table(
            part.name,
            part.title,
            part.columns,
            list(part.rows_in(document.payload)),
            currency=currency if has_amounts and not names_currency else "",
            charted=part.charted,
        )


def _summary(document: Document) -> Table:
    """Return every figure that stands alone, with its path in the payload as its name."""
    payload = document.payload
    rows = list(_figures_in(payload, skipped={part.name for part in _PARTS[document.tables]}))
    return Table(SUMMARY, "Summary", _FIGURE, rows, currency=str(payload.get("currency", "")))


def _figures_in(
    payload: Mapping[str, Any], *, skipped: Iterable[str] = (), path: str = ""
) -> Iterator[Sequence[Cell]]:
    for name, value in payload.items():
        if name in skipped:
            continue
        if isinstance(value, Mapping):
            yield from _figures_in(value, path=f"{path}{name}.")
        elif isinstance(value, int | Decimal | None):
            yield [f"{path}{name}", value]


def is_amount(figure: str) -> bool:
    """Tell whether a figure of a summary is money."""
    return figure in _AMOUNTS


def _cell(column: Column, value: Any) -> Cell:
    if column.kind is Kind.DATE and isinstance(value, str):
        return date.fromisoformat(value)
    cell: Cell = value
    return cell
