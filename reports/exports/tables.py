"""The tables of each type of report: which part of the payload each one shows, and how."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from orderchainer.core.errors import Invalid
from reports.exports.contracts import Cell, Column, Kind, Table
from reports.models import Report
from reports.payloads import Payload

_ORDERS = Column("total_orders", "Orders", Kind.COUNT)
_REVENUE = Column("total_revenue", "Revenue", Kind.AMOUNT)
_DATE = Column("date", "Day", Kind.DATE)
_SPREAD = (
    Column("count", "Count", Kind.COUNT),
    Column("average", "Average", Kind.SECONDS),
    Column("p50", "Half within", Kind.SECONDS),
    Column("p90", "Nine tenths within", Kind.SECONDS),
)
_VOLUME = (
    Column("total_messages", "Messages", Kind.COUNT),
    Column("inbound", "Came in", Kind.COUNT),
    Column("outbound", "Went out", Kind.COUNT),
    Column("ai_generated", "Suggested by the assistant", Kind.COUNT),
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


_PARTS: Mapping[str, Sequence[Part]] = {
    "sales": (
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
    ),
    "messages": (
        Part("by_day", "Days", [_DATE, *_VOLUME], charted="total_messages"),
        _counts("by_provider", "Channels", "Provider", "Messages"),
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
}
SUMMARY = "summary"
TABLES: Mapping[str, Sequence[str]] = {
    name: (SUMMARY, *(part.name for part in parts)) for name, parts in _PARTS.items()
}
_AMOUNTS = frozenset({"total_revenue", "average_order_value"})


def tables_of(report: Report) -> list[Table]:
    """Return the tables of a report that is ready, the summary first."""
    payload = report.figures
    return [_summary(report, payload), *_others(report, payload)]


def table_named(report: Report, name: str) -> Table:
    """Return one table of a report that is ready. Raises `Invalid` for `table`."""
    known = TABLES[report.report_type]
    if name not in known:
        raise Invalid({"table": [f"Must be one of {', '.join(known)}."]})
    return next(table for table in tables_of(report) if table.name == name)


def _others(report: Report, payload: Payload) -> Iterator[Table]:
    currency = str(payload.get("currency", ""))
    for part in _PARTS[report.report_type]:
        names_currency = any(column.name == "currency" for column in part.columns)
        has_amounts = any(column.kind is Kind.AMOUNT for column in part.columns)
        yield Table(
            part.name,
            part.title,
            part.columns,
            list(part.rows_in(payload)),
            currency=currency if has_amounts and not names_currency else "",
            charted=part.charted,
        )


def _summary(report: Report, payload: Payload) -> Table:
    """Return every figure that stands alone, with its path in the payload as its name."""
    rows = list(_figures_in(payload, skipped={part.name for part in _PARTS[report.report_type]}))
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
