"""Which orders of a project have not begun, and why: the first of each kind, and how many."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q

from accounts.models import Project
from orderchainer.core.db.prepared import compiled
from orders.graph import Walk
from orders.lifecycle import WAITING, ChainState
from orders.models import Order
from orders.queries.boards import Card, cards_of


@dataclass(frozen=True)
class Waiting:
    """The orders of which the chain says the same.

    `cards` are the first of them, those longest in their status first. `total` counts all.
    """

    total: int
    cards: list[Card] = field(default_factory=list)


def waiting_in_project(project: Project, *, limit: int) -> Mapping[ChainState, Waiting]:
    """Return the orders of the project that have not begun, by what the chain says.

    Two statements, whatever the project has.
    """
    counts = _counts(project)
    found = {state: Waiting(counts[state.value]) for state in ChainState}
    for card in cards_of(Order.objects.filter(_first_of_each(project, limit).orders())):
        # An order that was read as waiting can have begun since.
        if card.state and len(found[card.state].cards) < limit:
            found[card.state].cards.append(card)
    return found


def _counts(project: Project) -> dict[str, int]:
    """Count the orders of each state in one pass."""
    orders = Order.objects.filter(project=project, status__in=WAITING).with_holds()
    counts: dict[str, int] = orders.order_by().aggregate(
        **{
            ChainState.READY.value: Count("pk", filter=Q(is_held=False)),
            ChainState.WAITS.value: Count("pk", filter=Q(is_held=True, is_blocked=False)),
            ChainState.BLOCKED.value: Count("pk", filter=Q(is_blocked=True)),
        }
    )
    return counts


def _first_of_each(project: Project, limit: int) -> Walk:
    """Return the first orders of each state and status.

    Each part reads its own piece of the index of the board, and stops at its limit.
    """
    parts: list[str] = []
    params: list[Any] = []
    for state in ChainState:
        for status in sorted(WAITING):
            orders = Order.objects.filter(project=project, status=status)
            chosen = orders.in_chain_states([state]).order_by("status_changed_at", "pk")
            part = compiled(chosen.values("pk")[:limit])
            parts.append(f"SELECT * FROM ({part.sql}) AS part_{len(parts)}")
            params += part.params
    return Walk(" UNION ALL ".join(parts), params)
