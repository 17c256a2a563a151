"""A report in words and charts, as pages show it: in the workspace, and to print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from orderchainer.core.days import is_whole_days
from reports.exports.charts import Chart, bar_chart
from reports.exports.contracts import Cell, Column, Document, Kind, Table
from reports.exports.tables import is_amount, tables_of
from reports.wording import amount_in, duration, money, percent

# A longer period is shown by month: nobody reads a thousand rows on paper.
MAX_DAYS_SHOWN = 62
# Fewer bars than this say no more than their numbers.
MIN_BARS = 3
_NUMBERS = frozenset(Kind) - {Kind.TEXT, Kind.WORD, Kind.DATE, Kind.HOUR}
_SECONDS = "_seconds"
_COSTS = ("cost_usd", "_cost_per_call")
# Names that read badly as they are.
_SPELT = {
    "ai_generated": "suggested by the assistant",
    "ai_share_percent": "the assistant's share",
    "total_api_calls": "calls of models",
    "total_tokens_used": "tokens",
    "total_cost_usd": "cost",
    "cost_usd": "cost",
    "average_cost_usd": "average cost",
    "period_days": "days",
    "whatsapp": "WhatsApp",
}


# The durations of a summary, each with what it says.
_DURATIONS = {
    "lead_time_seconds": "From placed to done",
    "waiting_seconds": "Waiting for other orders",
    "chains.critical_path_seconds": "Chains, along their critical path",
    "first_response_seconds": "Until the first answer",
    "syncs.lag_seconds": "Syncs",
    "webhooks.lag_seconds": "Webhooks of providers",
    "deliveries.lag_seconds": "Deliveries of events",
}
_SPREAD = {"count": "Count", "average": "Average", "p50": "Half within", "p90": "90% within"}
# Figures whose names say too little.
_FIGURES = {
    "chains.longest": "Orders in the longest",
    "chains.length.average": "Orders in one, on average",
    "chains.length.p50": "Orders in half of them, at most",
    "chains.length.p90": "Orders in 90% of them, at most",
}


@dataclass(frozen=True)
class Heading:
    """What stands above a column, and whether its values are numbers."""

    text: str
    is_number: bool


@dataclass(frozen=True)
class Section:
    """A part of the page: a chart, if it has one, and its numbers in words.

    `name` tells it from the others. `finding` is what the chart shows in a sentence, and `charted`
    what its bars stand for.
    """

    name: str
    title: str
    headings: Sequence[Heading]
    rows: Sequence[Sequence[tuple[str, bool]]]
    chart: Chart | None = None
    charted: str = ""
    finding: str = ""
    is_by_day: bool = False


@dataclass(frozen=True)
class Card:
    """A main figure, and how it compares with the period before if the document knows that."""

    title: str
    text: str
    against: str = ""


@dataclass(frozen=True)
class Shown:
    """A document in words. `first` and `last` are its days, `cards` its main figures."""

    document: Document
    first: str
    last: str
    filters: Sequence[tuple[str, str]]
    cards: Sequence[Card]
    sections: Sequence[Section]


def shown(document: Document) -> Shown:
    """Return a document as pages show it."""
    summary, *others = tables_of(document)
    period = document.period
    return Shown(
        document=document,
        first=day_in_words(period.first),
        last=day_in_words(period.last),
        filters=[
            (name, value if isinstance(value, str) else ", ".join(value))
            for name, value in document.filters.items()
        ],
        cards=[
            Card(
                _words(str(name)),
                _figure(str(name), value, summary.currency),
                _against_before(
                    str(name),
                    document.payload.get("trend", {}).get(str(name)),
                    "the same part of the period before"
                    if _is_part(document)
                    else "the period before",
                ),
            )
            for name, value in summary.rows
            if "." not in str(name)
        ],
        sections=[
            *(_section_of(table, document) for table in map(_readable, others) if table.rows),
            *_durations_of(summary),
            *_groups_of(summary),
        ],
    )


def _is_part(document: Document) -> bool:
    """Tell whether it is compared with a part of the period before, as this one was not over."""
    return bool(document.payload.get("trend", {}).get("until"))


def _against_before(name: str, change: Mapping[str, Any] | None, before: str) -> str:
    if not change:
        return ""
    part = change["change_percent"]
    if part is None:
        return f"none in {before}" if change["change"] else ""
    if not change["change"]:
        return f"as in {before}"
    less = "less" if is_amount(name) else "fewer"
    return f"{_how_much(part)} {'more' if change['change'] > 0 else less} than in {before}"


def _how_much(part: Decimal) -> str:
    """Say how large a change is. One can be too small for a per cent with one decimal."""
    return percent(abs(part)) if part else "slightly"


def _readable(table: Table) -> Table:
    """Add the days of a long period up to months."""
    if table.name != "by_day" or len(table.rows) <= MAX_DAYS_SHOWN:
        return table
    # Averages cannot be added up.
    kept = [n for n, column in enumerate(table.columns) if not column.name.startswith("average")]

    def month_of(row: Sequence[Cell]) -> date:
        day = row[0]
        assert isinstance(day, date)
        return day.replace(day=1)

    rows: list[Sequence[Cell]] = []
    for month, days in groupby(table.rows, month_of):
        columns = list(zip(*days, strict=True))
        rows.append([f"{month:%b %Y}", *(sum(columns[n]) for n in kept[1:])])
    return Table(
        table.name,
        "Months",
        [Column("month", "Month"), *(table.columns[n] for n in kept[1:])],
        rows,
        currency=table.currency,
        charted=table.charted,
    )


def _section_of(table: Table, document: Document) -> Section:
    filled = [n for n in range(len(table.columns)) if n == 0 or any(row[n] for row in table.rows)]
    # A column with numbers shows its zeros; one with texts, such as phone numbers, may be empty.
    shown = [n for n, column in enumerate(table.columns) if n in filled or column.kind in _NUMBERS]
    headings = [
        Heading(_heading_of(column, table.currency), column.kind in _NUMBERS)
        for column in (table.columns[n] for n in shown)
    ]
    rows = [
        [
            (
                _shown(table.columns[n], row[n], _currency_of(table, row)),
                table.columns[n].kind in _NUMBERS,
            )
            for n in shown
        ]
        for row in table.rows
    ]
    if not table.charted or len(rows) < MIN_BARS:
        return Section(table.name, table.title, headings, rows)
    return Section(
        table.name,
        table.title,
        headings,
        rows,
        _chart_of(table),
        charted=_heading_of(table.columns[table.index_of(table.charted)], table.currency),
        finding=finding_of(table, document),
        is_by_day=table.name == "by_day",
    )


def finding_of(table: Table, document: Document) -> str:
    """Say what a chart shows: where most of it is, and for revenue how it has changed."""
    column = table.columns[table.index_of(table.charted)]
    values: list[Any] = [row[table.index_of(table.charted)] or 0 for row in table.rows]
    total, noun = sum(values), column.title.lower()
    if not total:
        return f"No {noun} in this time."
    most = max(range(len(values)), key=values.__getitem__)
    where, much = _shown(table.columns[0], table.rows[most][0]), _amount(values[most], table)
    if table.name == "by_day":
        best = f"Most {noun} {_on(table.columns[0])} {where}: {much}."
        return " ".join(filter(None, [_change_told(table, document), best]))
    share = (Decimal(values[most]) * 100 / Decimal(total)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"Most {noun}: {where} with {much}, {percent(share)} of all."


def _on(column: Column) -> str:
    return "on" if column.kind is Kind.DATE else "in"


def _amount(value: Any, table: Table) -> str:
    column = table.columns[table.index_of(table.charted)]
    if column.kind is Kind.AMOUNT and table.currency:
        return money(Decimal(value), table.currency)
    return _number(value)


def _change_told(table: Table, document: Document) -> str:
    """Say how the whole compares with the period before, if the document knows."""
    change = document.payload.get("trend", {}).get(table.charted)
    if not change:
        return ""
    column = table.columns[table.index_of(table.charted)]
    now = f"{column.title} {_amount(change['before'] + change['change'], table)}"
    before = _before(document)
    part = change["change_percent"]
    if part is None:
        return f"{now}, after none in {before}."
    if not change["change"]:
        return f"{now}, as in {before}."
    direction = "more" if change["change"] > 0 else "less"
    return f"{now}, {_how_much(part)} {direction} than in {before}."


def _before(document: Document) -> str:
    """Name the period with which one is compared: as many days, or as long.

    One that was not over is compared with the same part of it.
    """
    period = document.period
    part = "the same part of " if _is_part(document) else ""
    if not is_whole_days(period):
        return f"{part}the period before"
    days = (period.last - period.first).days + 1
    return f"{part}the day before" if days == 1 else f"{part}the {days} days before"


def _heading_of(column: Column, currency: str) -> str:
    return (
        f"{column.title} ({currency})" if column.kind is Kind.AMOUNT and currency else column.title
    )


def _chart_of(table: Table) -> Chart:
    place = table.index_of(table.charted)
    column = table.columns[place]
    values: list[Any] = [row[place] or 0 for row in table.rows]
    labels = [_label(row[0]) or _shown(table.columns[0], row[0]) for row in table.rows]
    words = [
        f"{_shown(table.columns[0], row[0])}: "
        f"{_shown(column, row[place], _currency_of(table, row))}"
        for row in table.rows
    ]
    return bar_chart(values, labels, words)


def _durations_of(summary: Table) -> Sequence[Section]:
    """Return one table of how long everything took, without what never happened."""
    figures = {str(name): value for name, value in summary.rows}
    rows = [
        [
            (words, False),
            *((_figure(f"{name}.{each}", figures[f"{name}.{each}"], ""), True) for each in _SPREAD),
        ]
        for name, words in _DURATIONS.items()
        if figures.get(f"{name}.count")
    ]
    headings = [Heading("What", False), *(Heading(title, True) for title in _SPREAD.values())]
    return [Section("durations", "How long it took", headings, rows)] if rows else []


def _groups_of(summary: Table) -> Sequence[Section]:
    """Return the other figures of a summary that belong together, such as those of chains."""
    grouped = groupby(
        (
            row
            for row in summary.rows
            if "." in str(row[0]) and str(row[0]).rpartition(".")[0] not in _DURATIONS
        ),
        lambda row: str(row[0]).split(".")[0],
    )
    return [
        Section(
            name,
            _words(name),
            [Heading("Figure", False), Heading("Value", True)],
            [
                [
                    (_label_of(str(row[0]), name), False),
                    (_figure(str(row[0]), row[1], ""), True),
                ]
                for row in rows
            ],
        )
        for name, rows in ((name, list(found)) for name, found in grouped)
        # Nothing happened there.
        if any(row[1] for row in rows)
    ]


def _label_of(figure: str, group: str) -> str:
    return _FIGURES.get(figure) or _words(figure.removeprefix(f"{group}."))


def _figure(name: str, value: Cell, currency: str) -> str:
    if is_amount(name) and isinstance(value, Decimal) and currency:
        return money(value, currency)
    if name.endswith(_COSTS) and isinstance(value, int | Decimal):
        return _dollars(value)
    if _SECONDS in name and not name.endswith(".count") and isinstance(value, int | Decimal):
        return duration(float(value))
    if name.endswith("_percent") and value is not None:
        return f"{value}%"
    return _number(value)


def _currency_of(table: Table, row: Sequence[Cell]) -> str:
    """Return the currency of a row: that of its table, or its own."""
    own = next((n for n, column in enumerate(table.columns) if column.name == "currency"), None)
    return table.currency or (str(row[own] or "") if own is not None else "")


def _shown(column: Column, cell: Cell, currency: str = "") -> str:
    match cell:
        case date():
            return day_in_words(cell)
        case int() | Decimal() if column.kind is Kind.SECONDS:
            return duration(float(cell))
        case int() | Decimal() if column.kind is Kind.COST:
            return f"${cell:,.6f}"
        case int() | Decimal() if column.kind is Kind.AMOUNT and currency:
            return amount_in(cell, currency)
        case int() if column.kind is Kind.HOUR:
            return f"{cell:02}:00"
        case str() if column.kind is Kind.WORD:
            return _words(cell)
    return _number(cell)


def _dollars(cost: int | Decimal) -> str:
    """Write a cost without zeros at its end, but with cents at least: `$0.3125`."""
    digits = f"{cost:,f}".rstrip("0") if "." in f"{cost:f}" else f"{cost:,}."
    whole, _, fraction = digits.partition(".")
    return f"${whole}.{fraction:0<2}"


def _number(cell: Cell) -> str:
    match cell:
        case None | "":
            return "–"  # noqa: RUF001  (a dash on purpose)
        case int():
            return f"{cell:,}"
        case Decimal():
            return f"{cell:,f}"
    return str(cell)


def _label(cell: Cell) -> str:
    """Write a day below its bar."""
    return f"{cell.day} {cell:%b}" if isinstance(cell, date) else ""


def day_in_words(day: date) -> str:
    """Write a day: `31 Jan 2025`."""
    return f"{day.day} {day:%b %Y}"


def _words(name: str) -> str:
    """Return a name of ours as people write it: `by_state.failed` is "By state, failed"."""
    parts = [_SPELT.get(part, part.replace(_SECONDS, "")) for part in name.split(".")]
    text = ", ".join(parts).replace("_", " ")
    return text[:1].upper() + text[1:]
