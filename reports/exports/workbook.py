"""A report as a workbook for spreadsheets (XLSX), a sheet for each table."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any

from orderchainer.core.money import decimals_of
from reports.exports.contracts import Cell, Document, Kind, Table
from reports.exports.tables import is_amount, tables_of

# A spreadsheet keeps numbers as binary floats, which hold any decimal of this many digits.
EXACT_DIGITS = 15
MAX_CELL_LENGTH = 32_767
_WIDTHS = {Kind.TEXT: 28, Kind.DATE: 12}
_WIDTH = 16
_FORMATS = {
    Kind.DATE: "yyyy-mm-dd",
    Kind.COUNT: "#,##0",
    Kind.NUMBER: "#,##0.00",
    Kind.SECONDS: "#,##0.0",
    Kind.COST: "#,##0.000000",
}


def write_workbook(document: Document, file: IO[bytes]) -> None:
    """Write the tables of a document to `file`. Texts never become formulas or links.

    Rows go to a temporary file one by one, so memory does not grow with them.
    """
    # It takes 2 MB, and most processes never write a workbook.
    import xlsxwriter

    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(file, options) as book:
        # The same report gives the same file.
        made_at = document.made_at.astimezone(UTC).replace(tzinfo=None)
        title = f"{document.title} of {document.project_name}"
        book.set_properties({"title": title, "comments": document.summary, "created": made_at})
        bold = book.add_format({"bold": True, "bottom": 1})
        for table in tables_of(document):
            _write(book, table, bold)


def _write(book: Any, table: Table, bold: Any) -> None:
    sheet = book.add_worksheet(table.title[:31])
    formats = {
        column.name: book.add_format({"num_format": _format_of(column.kind, table.currency)})
        for column in table.columns
    }
    amounts = book.add_format({"num_format": _format_of(Kind.AMOUNT, table.currency)})
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, _WIDTHS.get(column.kind, _WIDTH))
        units = {Kind.AMOUNT: table.currency, Kind.SECONDS: "s", Kind.COST: "USD"}
        unit = units.get(column.kind)
        sheet.write_string(0, place, f"{column.title} ({unit})" if unit else column.title, bold)
    for number, row in enumerate(table.rows, start=1):
        for place, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
            is_amount_here = column.name == "value" and is_amount(str(row[0]))
            _put(sheet, number, place, cell, amounts if is_amount_here else formats[column.name])


def _put(sheet: Any, row: int, place: int, cell: Cell, style: Any) -> None:
    match cell:
        case None:
            sheet.write_blank(row, place, None, style)
        case str():
            sheet.write_string(row, place, cell[:MAX_CELL_LENGTH])
        case date():
            sheet.write_datetime(row, place, datetime.combine(cell, datetime.min.time()), style)
        case int() | Decimal():
            if len(Decimal(cell).as_tuple().digits) > EXACT_DIGITS:
                # As a number it would lose its last digits.
                sheet.write_string(
                    row, place, f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
                )
            else:
                sheet.write_number(row, place, cell, style)


def _format_of(kind: Kind, currency: str) -> str:
    if kind is Kind.AMOUNT:
        decimals = decimals_of(currency) if currency else 2
        return f"#,##0.{'0' * decimals}".removesuffix(".")
    return _FORMATS.get(kind, "General")
