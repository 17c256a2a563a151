"""What a table of a report is, before anybody writes it as a file or a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

# An amount is a Decimal with the decimals of its currency. None is a cell without a value.
Cell = str | int | Decimal | date | None


class Kind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    # A word of ours, such as a status.
    WORD = "word"
    DATE = "date"
    HOUR = "hour"
    COUNT = "count"
    AMOUNT = "amount"
    NUMBER = "number"
    SECONDS = "seconds"


@dataclass(frozen=True)
class Column:
    """A column: its name in payloads and CSV, what people read above it, and its values."""

    name: str
    title: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Table:
    """A part of a report, as rows of cells.

    `currency` is that of its amounts, empty if it has none or each row names its own. `charted`
    names the column that a chart shows, against the first one; empty for no chart.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    currency: str = ""
    charted: str = ""

    def index_of(self, name: str) -> int:
        """Return the place of a column."""
        return next(n for n, column in enumerate(self.columns) if column.name == name)
