"""The columns of the board, and how many cards each one shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Project
from orderchainer.core.web.filters import Filters
from orders import queries
from orders.lifecycle import OPEN_MOVES, Status
from orders.models import OrderQuerySet
from orders.pages.narrowing import VIEW
from orders.pages.shown import ShownCard, is_final, shown_card
from orders.queries.boards import COLUMN_CARDS, COLUMNS

# These have come to an end: the board shows only how many there are.
FOLDED = (Status.COMPLETED, Status.CANCELLED)
# How many more cards a column shows each time, and the most that it shows at all.
STEP = 30
MAX_COLUMN_CARDS = 200
# The parameter for columns that show more than at first: `pending-50`.
SHOWN = "shown"


@dataclass(frozen=True)
class Column:
    """A status with its first cards.

    `moves` are the statuses to which its orders can move if nothing is in the way. `more_url` is
    the board with more of its cards, `list_url` the list of all its orders. A folded column shows
    no cards.
    """

    status: str
    count: int
    cards: Sequence[ShownCard]
    moves: str
    more_url: str
    list_url: str
    is_folded: bool

    @property
    def is_final(self) -> bool:
        """Whether there is no way back from here, so that a move asks first."""
        return is_final(self.status)

    @property
    def has_more(self) -> bool:
        """Whether there are orders that the column does not show."""
        return not self.is_folded and self.count > len(self.cards)


@dataclass(frozen=True)
class Limits:
    """How many cards each column shows."""

    cards: Mapping[str, int]

    def of(self, status: str) -> int:
        """Return how many cards the column of this status shows."""
        return self.cards.get(status, COLUMN_CARDS)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the parameters of the address."""
        return [(SHOWN, f"{status}-{limit}") for status, limit in sorted(self.cards.items())]

    def with_more(self, status: str) -> "Limits":
        """Return the limits after a step more of one column."""
        limit = min(self.of(status) + STEP, MAX_COLUMN_CARDS)
        return Limits({**self.cards, status: limit})


def limits_in(values: Sequence[str]) -> Limits:
    """Return the limits that an address asks for, without what makes no sense."""
    limits = {}
    for value in values:
        status, _, text = value.rpartition("-")
        if status in COLUMNS and text.isascii() and text.isdecimal() and len(text) < 4:
            limit = min(int(text), MAX_COLUMN_CARDS)
            if limit > COLUMN_CARDS:
                limits[status] = limit
    return Limits(limits)


def columns_of(
    project: Project,
    found: OrderQuerySet,
    filters: Filters,
    limits: Limits,
    *,
    view: str = "",
    statuses: Sequence[str] = (*COLUMNS, *FOLDED),
) -> list[Column]:
    """Return these columns of the orders that `found` selects. Two statements.

    `view` is the saved view that the reader has opened.
    """
    counts = queries.counts_by_status(found)
    unfolded = [status for status in statuses if status not in FOLDED]
    board = queries.board_of(found, columns=unfolded, limits=limits.cards)
    arguments = {"project_id": project.uuid}
    pages = {name: reverse(name, kwargs=arguments) for name in ("orders", "order-board")}

    def more_url(status: str) -> str:
        if limits.of(status) >= MAX_COLUMN_CARDS:
            return ""
        opened = [(VIEW, view)] if view else []
        shown = urlencode([*opened, *limits.with_more(status).pairs()])
        return f"{pages['order-board']}?{'&'.join(filter(None, [filters.query, shown]))}"

    return [
        Column(
            status=status,
            count=counts[status],
            cards=[shown_card(project, card) for card in board.get(status, ())],
            moves=" ".join(OPEN_MOVES[status]),
            more_url=more_url(status),
            list_url=f"{pages['orders']}?{_listed_as(filters, status).query}",
            is_folded=status in FOLDED,
        )
        for status in statuses
    ]


def _listed_as(filters: Filters, status: str) -> Filters:
    """Return the filters of the list that show one column."""
    return filters.without("ordering").replacing("status", [status])
