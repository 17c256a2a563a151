"""A table of a report as CSV."""

from collections.abc import Iterator
from datetime import date

from orderchainer.core.sheets import BYTE_ORDER_MARK, lines_of, safe_cell
from reports.exports.contracts import Cell, Table

# How many rows we write and send at a time.
CHUNK = 500


def write_csv(table: Table) -> Iterator[str]:
    """Write the table and yield it in parts. Columns have the names that they have in payloads.

    Amounts are written with the decimals of their currency, which stands in a column of its own.
    """
    with_currency = bool(table.currency) and table.name != "summary"
    names = [column.name for column in table.columns]
    yield BYTE_ORDER_MARK + lines_of([[*names, "currency"] if with_currency else names])
    for start in range(0, len(table.rows), CHUNK):
        yield lines_of(
            [*map(_text, row), table.currency] if with_currency else [*map(_text, row)]
            for row in table.rows[start : start + CHUNK]
        )


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return safe_cell(cell)
        case date():
            return cell.isoformat()
    # A number of ours. An apostrophe before a minus would make it a text.
    return f"{cell:f}" if not isinstance(cell, int) else str(cell)
