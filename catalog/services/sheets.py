"""Products as a table of text: what the columns are, and how cells are kept from running as formulas.

A spreadsheet runs a cell that begins with one of a few characters, whoever wrote the product's name. Such a
cell gets an apostrophe in front, which a spreadsheet takes for "this is text", and loses it again when it is
read here. So does what stands behind a semicolon, a tab or a line's end within a cell: where a spreadsheet
parts cells by something else than commas, quotes do not hold a cell together, and that is where another begins.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from orderchainer.core.errors import Invalid

# What an export has, in this order, and an import knows.
COLUMNS = (
    "sku",
    "name",
    "description",
    "price",
    "currency",
    "category",
    "stock",
    "featured",
    "is_active",
    "version",
)
# What an import knows besides: more or fewer than there are, where `stock` says how many there shall be.
STOCK_CHANGE = "stock_change"
KNOWN = (*COLUMNS, STOCK_CHANGE)

MAX_ROWS = 5000
MAX_BYTES = 5 * 1024 * 1024
# All columns that there are have room in it, with as many spaces as anybody writes.
MAX_HEADER_BYTES = 1000
DELIMITERS = ",;\t"
# What else a file may say that it is; a mark at its beginning or UTF-8 needs no saying.
ENCODINGS = ("utf-8", "windows-1252", "iso-8859-15", "utf-16")

# OWASP, "CSV Injection"; the wide ones are taken for the others by some. What may stand before one of them
# is dropped by one spreadsheet or another.
_BEGINNING = r"(^|[;\t\r\n])"
_FORMULA = r"(?=[\"' ]*[=+\-@＝＋－＠])"  # noqa: RUF001  (wide on purpose)
_UNSAFE = re.compile(_BEGINNING + _FORMULA)
_SAFE = re.compile(f"{_BEGINNING}'{_FORMULA}")


def safe_cell(text: str) -> str:
    """Return `text` as a cell of which no spreadsheet runs anything."""
    return _UNSAFE.sub(r"\1'", text)


def plain_cell(cell: str) -> str:
    """Return what `safe_cell` made the cell of."""
    return _SAFE.sub(r"\1", cell)


def lines_of(rows: Iterable[Sequence[str]]) -> str:
    """Write rows as CSV (RFC 4180)."""
    out = StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()


def read_rows(
    content: bytes, *, encoding: str = ""
) -> Iterator[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV file, each with its number (the head is 1) and its cells by column.

    Cells are parted by commas, semicolons or tabs, as the head is. Empty rows are left out. Raises `Invalid`
    under `file` for what is no such table, and under `encoding` for an encoding that nobody knows.
    """
    text = _decoded(content, encoding)
    try:
        yield from _rows(text)
    except csv.Error as exc:
        raise _refused(f"The file is no CSV: {exc}.") from exc


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    head, _, _ = text.partition("\n")
    if len(head) > MAX_HEADER_BYTES:
        raise _refused("The first row is no head: it is too long.")
    delimiter = max(DELIMITERS, key=head.count)
    table = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names = _columns(next(table, []))
    rows = 0
    for number, cells in enumerate(table, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        rows += 1
        if rows > MAX_ROWS:
            raise _refused(f"The file has more than {MAX_ROWS} rows: part it.")
        if len(cells) != len(names):
            raise _refused(
                f"Row {number} has {len(cells)} cells, and the head has {len(names)}."
            )
        yield (
            number,
            {name: plain_cell(cell) for name, cell in zip(names, cells, strict=True)},
        )
    if not rows:
        raise _refused("The file has no rows.")


def _columns(head: Sequence[str]) -> list[str]:
    """Return the names of the columns."""
    names = [name.strip().lower().replace(" ", "_") for name in head]
    if unknown := [name for name in names if name not in KNOWN]:
        shown = ", ".join(repr(name[:50]) for name in unknown[:5])
        raise _refused(f"No such column: {shown}. There are {', '.join(KNOWN)}.")
    if len(set(names)) < len(names):
        raise _refused("A column stands in the file twice.")
    if "sku" not in names:
        raise _refused("The file needs a column sku.")
    if {"stock", STOCK_CHANGE} <= set(names):
        raise _refused(f"Either stock or {STOCK_CHANGE}: both say how many there are.")
    return names


def _decoded(content: bytes, encoding: str) -> str:
    if encoding and encoding not in ENCODINGS:
        raise Invalid({"encoding": [f"Must be one of {', '.join(ENCODINGS)}."]})
    if len(content) > MAX_BYTES:
        raise _refused(f"The file is larger than {MAX_BYTES} bytes.")
    if content.startswith(b"PK\x03\x04"):
        raise _refused("This is a workbook or an archive. Save it as CSV UTF-8.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif content.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8"
    encoding = encoding or "utf-8"
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        raise _refused(
            f"The file is not {encoding.upper()}: line {line} cannot be read. Save it as CSV UTF-8, or say "
            f"which `encoding` it is."
        ) from exc
    if not text.strip():
        raise _refused("The file is empty.")
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise _refused(f"The file is no text: line {line} has a null character.")
    return text


def _refused(message: str) -> Invalid:
    return Invalid({"file": [message]})
