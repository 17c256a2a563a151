"""Text in tables for spreadsheets: CSV, and how we keep cells from running as formulas.

A spreadsheet runs a cell that begins with certain characters, and customers and members can type
these into a name. We put an apostrophe before such a cell, which tells a spreadsheet that it is
text, and remove it when we read the cell. We do the same after a semicolon, a tab or a line break
within a cell: a spreadsheet that does not separate cells by commas ignores our quotes and begins a
new cell there.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

# Without it, spreadsheets do not recognise UTF-8.
BYTE_ORDER_MARK = "\ufeff"

# OWASP, "CSV Injection". Some spreadsheets read the wide characters like the narrow ones, and some
# drop quotes, apostrophes and spaces before them.
_BEGINNING = r"(^|[;\t\r\n])"
_FORMULA = r"(?=[\"' ]*[=+\-@＝＋－＠])"  # noqa: RUF001  (wide on purpose)
_UNSAFE = re.compile(_BEGINNING + _FORMULA)
_SAFE = re.compile(f"{_BEGINNING}'{_FORMULA}")


def safe_cell(text: str) -> str:
    """Return `text` as a cell that no spreadsheet runs as a formula."""
    return _UNSAFE.sub(r"\1'", text)


def plain_cell(cell: str) -> str:
    """Return the text from which `safe_cell` made the cell."""
    return _SAFE.sub(r"\1", cell)


def lines_of(rows: Iterable[Sequence[str]]) -> str:
    """Write rows as CSV (RFC 4180)."""
    out = StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()
