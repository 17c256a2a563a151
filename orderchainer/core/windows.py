"""Parts of lists: which rows a client asks for, and how we read them."""

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, QuerySet

from orderchainer.core.errors import NotFound

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Window:
    """A part of a list: `limit` rows after the first `skip`."""

    skip: int
    limit: int

    def total_if_known(self, row_count: int) -> int | None:
        """Return the length of the list if this page shows its end, so that no count is needed."""
        if row_count < self.limit and (row_count or self.skip == 0):
            return self.skip + row_count
        return None

    def query_at(self, skip: int) -> dict[str, str]:
        """Return the query parameters for the same number of rows after the first `skip`."""
        return {"skip": str(skip), "limit": str(self.limit)}


@dataclass(frozen=True)
class PageWindow(Window):
    """A window given by a page number, counted from 1, and a page size."""

    def query_at(self, skip: int) -> dict[str, str]:
        """Return the query parameters for the page that begins after the first `skip`."""
        return {"page": str(skip // self.limit + 1), "page_size": str(self.limit)}


class PageNotFound(NotFound):
    """The list has fewer pages than that."""

    code = "page_not_found"
    default_message = "There is no such page: the list ends before it."


def part_of(rows: QuerySet[Row], window: Window) -> tuple[list[Row], int]:
    """Return the rows of `window`, and how many there are in all: two statements at most."""
    part = list(rows[window.skip : window.skip + window.limit])
    total = window.total_if_known(len(part))
    return part, rows.count() if total is None else total
