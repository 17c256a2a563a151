"""Orders as pages show them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.urls import reverse

from accounts.models import Project
from orderchainer.core.db.prepared import Row
from orders.errors import numbered
from orders.lifecycle import OPEN_MOVES, ChainState, open_moves, state_in_chain
from orders.models import Order
from orders.queries import Card, assignee_in, customer_in

# Where orders come from, in words.
SOURCES = {
    Order.Provider.API: "API",
    Order.Provider.MANUAL: "Entered by hand",
    Order.Provider.STOREFRONT: "Shop",
    Order.Provider.SHOPIFY: "Shopify",
}
# How many orders a row names as those that it waits for.
MAX_NAMED = 2


@dataclass(frozen=True)
class Move:
    """A status that the lifecycle lets an order take. `closed` says what bars the way now."""

    status: str
    closed: str

    @property
    def is_final(self) -> bool:
        """Whether there is no way back, so that the move asks first."""
        return is_final(self.status)


@dataclass(frozen=True)
class ShownOrder:
    """An order in a list, or on a card.

    `chain` is what the chain says about it, if anything, and `reason` says so in words.
    """

    number: int
    title: str
    url: str
    status: str
    chain: str
    reason: str
    customer: str
    assignee: str
    total: Decimal
    currency: str
    is_test: bool
    ordered_at: datetime
    updated_at: datetime
    version: int
    moves: list["Move"]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"


def shown_order(project: Project, row: Row) -> ShownOrder:
    """Return an order that a query of a project has read as pages show it."""
    state = state_in_chain(row["status"], row["waits"])
    reason = _words_of(*state) if state else ""
    return ShownOrder(
        number=row["id"],
        title=row["title"],
        url=order_address(project, row["id"]),
        status=row["status"],
        chain=state[0].value if state else "",
        reason=reason,
        customer=customer_in(row),
        assignee=assignee_in(row),
        total=row["total_price"],
        currency=row["currency"],
        is_test=row["is_test"],
        ordered_at=row["ordered_at"],
        updated_at=row["updated_at"],
        version=row["version"],
        moves=_moves_of(row["id"], row["status"], reason, is_blocked=not row["ready"]),
    )


def order_address(project: Project, number: int) -> str:
    """Return the address of the page of an order."""
    return f"{reverse('orders', kwargs={'project_id': project.uuid})}/{number}"


def is_final(status: str) -> bool:
    """Tell whether there is no way back from a status."""
    return not OPEN_MOVES[status]


def _words_of(state: ChainState, ids: list[int]) -> str:
    if state == ChainState.READY:
        return "ready"
    verb = "blocked by" if state == ChainState.BLOCKED else "waits for"
    return f"{verb} {numbered(ids, MAX_NAMED)}"


@dataclass(frozen=True)
class ShownCard:
    """An order on the board."""

    number: int
    title: str
    url: str
    status: str
    chain: str
    reason: str
    customer: str
    assignee: str
    total: Decimal
    currency: str
    since: datetime
    version: int
    moves: list[Move]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"

    @property
    def has_closed_moves(self) -> bool:
        """Whether it cannot move now to every status that the lifecycle allows."""
        return any(move.closed for move in self.moves)

    @property
    def open_moves(self) -> str:
        """The statuses to which it can move now."""
        return " ".join(move.status for move in self.moves if not move.closed)


def shown_card(project: Project, card: Card) -> ShownCard:
    """Return a card that a query has read as the board shows it."""
    reason = _words_of(card.state, list(card.because_of)) if card.state else ""
    return ShownCard(
        number=card.id,
        title=card.title,
        url=order_address(project, card.id),
        status=card.status,
        chain=card.state.value if card.state else "",
        reason=reason,
        customer=card.customer,
        assignee=card.assignee,
        total=card.total,
        currency=card.currency,
        since=card.since,
        version=card.version,
        moves=_moves_of(card.id, card.status, reason, is_blocked=bool(card.because_of)),
    )


def _moves_of(number: int, status: str, reason: str, *, is_blocked: bool) -> list[Move]:
    """Return the moves of the lifecycle, and what bars the way to those that are not open now."""
    open_now = open_moves(status, blocked=is_blocked)
    return [
        Move(move, "" if move in open_now else f"#{number} {reason}") for move in open_moves(status)
    ]
