"""What a report and its tables are, before anybody writes them as a file or a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from orderchainer.core.days import Span
from reports.payloads import Payload

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
    # What models cost, in US dollars and with more decimals than money has.
    COST = "cost"


@dataclass(frozen=True)
class Column:
    """A column: its name in payloads and CSV, what people read above it, and its values."""

    name: str
    title: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Document:
    """What is written as a file or as a page: a report, or statistics of the moment.

    `tables` is the key of its tables in `TABLES`.
    """

    tables: str
    title: str
    project_name: str
    period: Span
    payload: Payload
    summary: str
    made_at: datetime
    # What it calls itself at the end of the page.
    source: str
    filters: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """The name of a file, without an ending: `sales_2025-01-01_2025-01-31`."""
        return f"{self.tables}_{self.period.first.isoformat()}_{self.period.last.isoformat()}"


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
