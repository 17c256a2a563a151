"""Products as a table of text: its columns, and how we read it from a file."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from orderchainer.core.errors import Invalid
from orderchainer.core.sheets import plain_cell

# The columns that an export has, in this order, and that an import reads.
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
# Another column that an import reads: how many more or fewer, while `stock` is the new stock.
STOCK_CHANGE = "stock_change"
KNOWN = (*COLUMNS, STOCK_CHANGE)

MAX_ROWS = 5000
MAX_BYTES = 5 * 1024 * 1024
# Enough for all columns and any reasonable number of spaces.
MAX_HEADER_BYTES = 1000
DELIMITERS = ",;\t"
# The encodings that a client can name. A file in UTF-8 or with a byte order mark needs no name.
ENCODINGS = ("utf-8", "windows-1252", "iso-8859-15", "utf-16")


def read_rows(content: bytes, *, encoding: str = "") -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV file, each with its number (the header is 1) and cells by column.

    Commas, semicolons or tabs separate the cells, whichever the header uses. Empty rows are left
    out. Raises `Invalid` under `file` if the file is not such a table, and under `encoding` for an
    unknown encoding.
    """
    text = _decoded(content, encoding)
    try:
        yield from _rows(text)
    except csv.Error as exc:
        raise _refused(f"The file is not valid CSV: {exc}.") from exc


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    head, _, _ = text.partition("\n")
    if len(head) > MAX_HEADER_BYTES:
        raise _refused("The first row is too long for a header.")
    delimiter = max(DELIMITERS, key=head.count)
    table = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names = _columns(next(table, []))
    rows = 0
    for number, cells in enumerate(table, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        rows += 1
        if rows > MAX_ROWS:
            raise _refused(f"The file has more than {MAX_ROWS} rows. Split it.")
        if len(cells) != len(names):
            raise _refused(f"Row {number} has {len(cells)} cells, but the header has {len(names)}.")
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
        raise _refused(f"No such column: {shown}. The columns are {', '.join(KNOWN)}.")
    if len(set(names)) < len(names):
        raise _refused("The file has the same column twice.")
    if "sku" not in names:
        raise _refused("The file needs a column sku.")
    if {"stock", STOCK_CHANGE} <= set(names):
        raise _refused(f"Use either stock or {STOCK_CHANGE}, not both.")
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
            f"The file is not {encoding.upper()}: line {line} cannot be read. "
            "Save it as CSV UTF-8, or name its `encoding`."
        ) from exc
    if not text.strip():
        raise _refused("The file is empty.")
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise _refused(f"The file is not text: line {line} has a null character.")
    return text


def _refused(message: str) -> Invalid:
    return Invalid({"file": [message]})
