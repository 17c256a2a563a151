"""The orders of a project as cards: on a board, or by their ids.

The number of statements is the same for ten orders and for thousands.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db.models import Count

from accounts.models import Project
from orderchainer.core.db.among import among
from orderchainer.core.db.prepared import Row, compiled
from orderchainer.core.ids import MAX_ID
from orders.graph import Walk
from orders.lifecycle import ChainState, Status, state_in_chain
from orders.models import Order, OrderQuerySet

# The columns of a board, and how many cards each shows at first.
COLUMNS = (
    *(Status.DRAFT, Status.PENDING, Status.ACTIVE),
    *(Status.SHIPPED, Status.FULFILLED, Status.FAILED),
)
COLUMN_CARDS = 20
# The most cards that one request names by their ids.
MAX_CARDS = 100

_FIELDS = (
    *("id", "uuid", "title", "status", "status_changed_at", "ordered_at", "version"),
    *("customer_name", "customer_email", "customer_phone"),
    *("total_price", "currency", "provider", "assignee_id"),
    *("assignee__first_name", "assignee__last_name", "assignee__email"),
)


@dataclass(frozen=True)
class Card:
    """What a board or a list shows of an order.

    `state` is what the chain says, and `because_of` the numbers of the orders that are the reason;
    see `state_in_chain`. `state` is None for an order that has begun or ended.
    """

    id: int
    uuid: UUID
    title: str
    status: str
    since: datetime
    ordered_at: datetime
    customer: str
    total: Decimal
    currency: str
    provider: str
    assignee_id: int | None
    assignee: str
    version: int
    state: ChainState | None
    because_of: tuple[int, ...]


def counts_by_status(orders: OrderQuerySet) -> dict[str, int]:
    """Return how many of `orders` have each status, also those that none has. One statement."""
    counted = orders.order_by().values_list("status").annotate(number=Count("pk"))
    return dict.fromkeys(Status.values, 0) | dict(counted)


def board_of(
    orders: OrderQuerySet,
    *,
    columns: Sequence[str] = COLUMNS,
    limits: Mapping[str, int] | None = None,
) -> dict[str, list[Card]]:
    """Return the first cards of each column: those longest in their status. One statement.

    `orders` are those of a project, narrowed by filters. `limits` are for columns that show more or
    less than `COLUMN_CARDS`.
    """
    limits = limits or {}
    parts: list[str] = []
    params: list[Any] = []
    sorted_orders = orders.order_by("status_changed_at", "pk")
    for column in columns:
        limit = limits.get(column, COLUMN_CARDS)
        try:
            part = compiled(sorted_orders.filter(status=column).values("pk")[:limit])
        except EmptyResultSet:
            continue
        parts.append(f"SELECT * FROM ({part.sql}) AS part_{len(parts)}")
        params += part.params
    board: dict[str, list[Card]] = {str(column): [] for column in columns}
    if parts:
        # Each part reads its own piece of the index, and no part reads more than its limit.
        walk = Walk(" UNION ALL ".join(parts), params)
        for card in cards_of(Order.objects.filter(walk.orders())):
            board[card.status].append(card)
    return board


def cards_by_id(project: Project, ids: Collection[int]) -> dict[int, Card]:
    """Return the cards of those of these orders that are the project's. One statement.

    Raises `ValueError` for more than `MAX_CARDS`.
    """
    if len(ids) > MAX_CARDS:
        msg = f"at most {MAX_CARDS} cards at once"
        raise ValueError(msg)
    known = [number for number in ids if 0 < number <= MAX_ID]
    orders = Order.objects.filter(project=project, pk__in=among(known))
    return {card.id: card for card in cards_of(orders)}


def cards_of(orders: OrderQuerySet) -> list[Card]:
    """Return orders as cards, those longest in their status first unless they are sliced."""
    if not orders.query.is_sliced:
        orders = orders.order_by("status_changed_at", "pk")
    return [_card_of(row) for row in orders.with_waits().values(*_FIELDS, "waits")]


def _card_of(row: Row) -> Card:
    state, because_of = state_in_chain(row["status"], row["waits"]) or (None, [])
    return Card(
        id=row["id"],
        uuid=row["uuid"],
        title=row["title"],
        status=row["status"],
        since=row["status_changed_at"],
        ordered_at=row["ordered_at"],
        customer=customer_in(row),
        total=row["total_price"],
        currency=row["currency"],
        provider=row["provider"],
        assignee_id=row["assignee_id"],
        assignee=assignee_in(row),
        version=row["version"],
        state=state,
        because_of=tuple(because_of),
    )


def customer_in(row: Mapping[str, Any]) -> str:
    """Return what is known of a customer: the name, else the e-mail address or the number."""
    known: str = row["customer_name"] or row["customer_email"] or row["customer_phone"]
    return known


def assignee_in(row: Mapping[str, Any]) -> str:
    """Return the assignee's name, or their e-mail address if they have told none."""
    name = f"{row['assignee__first_name'] or ''} {row['assignee__last_name'] or ''}".strip()
    return name or row["assignee__email"] or ""
