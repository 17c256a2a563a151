"""A report as a page to read and print. It loads nothing, so people can save it and pass it on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.template.loader import render_to_string

from reports.exports.charts import Chart, bar_chart
from reports.exports.contracts import Cell, Column, Kind, Table
from reports.exports.tables import is_amount, tables_of
from reports.models import Report
from reports.wording import duration, money

# A longer period is shown by month: nobody reads a thousand rows on paper.
MAX_DAYS_SHOWN = 62
_NUMBERS = frozenset(Kind) - {Kind.TEXT, Kind.WORD, Kind.DATE, Kind.HOUR}
_SECONDS = "_seconds"
# Names that read badly as they are.
_SPELT = {
    "ai_generated": "suggested by the assistant",
    "ai_share_percent": "the assistant's share",
    "p50": "half within",
    "p90": "nine tenths within",
}


@dataclass(frozen=True)
class Heading:
    """What stands above a column, and whether its values are numbers."""

    text: str
    is_number: bool


@dataclass(frozen=True)
class Section:
    """A part of the page: a chart, if it has one, and its numbers in words."""

    title: str
    headings: Sequence[Heading]
    rows: Sequence[Sequence[tuple[str, bool]]]
    chart: Chart | None = None
    is_by_day: bool = False


def style() -> str:
    """Return the style sheet that stands in the page."""
    return render_to_string("reports/report.css")


def write_page(report: Report) -> str:
    """Return a report that is ready as an HTML document."""
    summary, *others = tables_of(report)
    period = report.period
    return render_to_string(
        "reports/report.html",
        {
            "report": report,
            "title": f"{report.report_type.capitalize()} report",
            "first": _day(period.first),
            "last": _day(period.last),
            "filters": [
                (name, value if isinstance(value, str) else ", ".join(value))
                for name, value in report.filters.items()
            ],
            "cards": [
                (_words(str(name)), _figure(str(name), value, summary.currency))
                for name, value in summary.rows
                if "." not in str(name)
            ],
            "sections": [
                *(_section_of(table) for table in map(_readable, others) if table.rows),
                *_groups_of(summary),
            ],
            "style": style(),
        },
    )


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


def _section_of(table: Table) -> Section:
    unit = f" ({table.currency})" if table.currency else ""
    headings = [
        Heading(
            column.title + (unit if column.kind is Kind.AMOUNT else ""), column.kind in _NUMBERS
        )
        for column in table.columns
    ]
    rows = [
        [
            (_shown(column, cell), column.kind in _NUMBERS)
            for column, cell in zip(table.columns, row, strict=True)
        ]
        for row in table.rows
    ]
    chart = _chart_of(table) if table.charted else None
    return Section(table.title, headings, rows, chart, is_by_day=table.name == "by_day")


def _chart_of(table: Table) -> Chart:
    place = table.index_of(table.charted)
    column = table.columns[place]
    values: list[Any] = [row[place] or 0 for row in table.rows]
    labels = [_label(row[0]) or _shown(table.columns[0], row[0]) for row in table.rows]
    words = [
        f"{_shown(table.columns[0], row[0])}: {_shown(column, row[place])}" for row in table.rows
    ]
    return bar_chart(values, labels, words)


def _groups_of(summary: Table) -> Sequence[Section]:
    """Return the figures of a summary that belong together, such as those of response times."""
    grouped = groupby(
        (row for row in summary.rows if "." in str(row[0])),
        lambda row: str(row[0]).split(".")[0],
    )
    return [
        Section(
            _words(name),
            [Heading("Figure", False), Heading("Value", True)],
            [
                [
                    (_words(str(row[0]).removeprefix(f"{name}.")), False),
                    (_figure(str(row[0]), row[1], ""), True),
                ]
                for row in rows
            ],
        )
        for name, rows in ((name, list(found)) for name, found in grouped)
        # Nothing happened there.
        if any(row[1] for row in rows)
    ]


def _figure(name: str, value: Cell, currency: str) -> str:
    if is_amount(name) and isinstance(value, Decimal) and currency:
        return money(value, currency)
    if _SECONDS in name and not name.endswith(".count") and isinstance(value, int | Decimal):
        return duration(float(value))
    if name.endswith("_percent") and value is not None:
        return f"{value}%"
    return _number(value)


def _shown(column: Column, cell: Cell) -> str:
    match cell:
        case date():
            return _day(cell)
        case int() | Decimal() if column.kind is Kind.SECONDS:
            return duration(float(cell))
        case int() if column.kind is Kind.HOUR:
            return f"{cell:02}:00"
        case str() if column.kind is Kind.WORD:
            return _words(cell)
    return _number(cell)


def _number(cell: Cell) -> str:
    match cell:
        case None:
            return "–"  # noqa: RUF001  (a dash on purpose)
        case int():
            return f"{cell:,}"
        case Decimal():
            return f"{cell:,f}"
    return str(cell)


def _label(cell: Cell) -> str:
    """Write a day below its bar."""
    return f"{cell.day} {cell:%b}" if isinstance(cell, date) else ""


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _words(name: str) -> str:
    """Return a name of ours as people write it: `by_state.failed` is "By state, failed"."""
    parts = [_SPELT.get(part, part.replace(_SECONDS, "")) for part in name.split(".")]
    text = ", ".join(parts).replace("_", " ")
    return text[:1].upper() + text[1:]
