"""What the workshop needs for its large pieces, and services that follow them.

    Oak boards ──► Table tops ─┐
                               ├─► a customer's table ──► its assembly at home
    Steel legs ────────────────┘

A batch of supplies is ordered every few days. Large pieces wait for what is not there yet.
"""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import Project, User
from orderchainer.demo.history.drafts import Article, Draft, Move
from orders.lifecycle import Status
from orders.models import Order

DAYS_BETWEEN_BATCHES = 9
LARGE_FROM = Decimal(250)
LARGE = ("TBL-", "SEAT-", "SHF-")
# How many of the large pieces are in stock, and of how many the customers want assembly at home.
IN_STOCK, ASSEMBLED = 0.3, 0.35
# How many of the suppliers' deliveries fail at first.
FAILING = 0.1
ASSEMBLY = Article("SERVICE-ASSEMBLY", "Assembly at home", Decimal("89.00"))


def with_supplies(
    bought: Iterable[Draft], project: Project, merchant: User, chance: random.Random
) -> Sequence[Draft]:
    """Return the customers' orders with supplies and services between them, the oldest first."""
    orders = list(bought)
    batches = _batches(orders[0].placed_at, orders[-1].placed_at, project, merchant, chance)
    services = []
    for draft in orders:
        if not _is_large(draft) or chance.random() < IN_STOCK:
            continue
        batch = next((b for b in reversed(batches) if b[0].placed_at < draft.placed_at), ())
        draft.waits_for = [each for each in batch[1:] if _is_awaited(each, draft.placed_at)]
        if draft.waits_for and chance.random() < ASSEMBLED:
            services.append(_assembly_of(draft, chance))
    supplies = [each for batch in batches for each in batch]
    return sorted([*orders, *supplies, *services], key=lambda draft: draft.placed_at)


def _is_large(draft: Draft) -> bool:
    return any(
        article.price >= LARGE_FROM and article.sku.startswith(LARGE) for article, _ in draft.items
    )


def _is_awaited(supply: Draft, moment: datetime) -> bool:
    return supply.done_at is None or supply.done_at > moment


def _batches(
    start: datetime, end: datetime, project: Project, merchant: User, chance: random.Random
) -> Sequence[tuple[Draft, Draft, Draft]]:
    """Return boards, tops and legs of each batch."""
    batches: list[tuple[Draft, Draft, Draft]] = []
    placed_at = start + timedelta(hours=1)
    while placed_at < end:
        number = len(batches) + 1

        def supply(name: str, placed_at: datetime = placed_at, number: int = number) -> Draft:
            order = Order(
                owner=merchant,
                project=project,
                provider=Order.Provider.MANUAL,
                title=f"{name}, batch {number}",
                currency=project.currency,
                ordered_at=placed_at,
            )
            return Draft(order)

        boards, tops, legs = supply("Oak boards"), supply("Table tops"), supply("Steel legs")
        boards.moves = _supplied(boards.placed_at, chance, days=3)
        legs.moves = _supplied(legs.placed_at, chance, days=5)
        tops.waits_for = [boards]
        ready_at = tops.ready_at
        assert ready_at is not None, "suppliers deliver in the end"
        begun = ready_at + timedelta(hours=chance.uniform(1, 16))
        made = begun + timedelta(hours=chance.uniform(20, 60))
        tops.moves = [Move(begun, Status.ACTIVE), Move(made, Status.COMPLETED)]
        batches.append((boards, tops, legs))
        placed_at += timedelta(days=DAYS_BETWEEN_BATCHES + chance.uniform(-0.2, 0.2))
    return batches


def _supplied(placed_at: datetime, chance: random.Random, *, days: float) -> list[Move]:
    """Return what becomes of a supplier's order: now and then the first delivery is no good."""
    moves = []
    at = placed_at + timedelta(hours=chance.uniform(1, 6))
    if chance.random() < FAILING:
        failed = at + timedelta(days=days * chance.uniform(0.6, 1.2))
        again = failed + timedelta(hours=chance.uniform(2, 20))
        moves = [Move(at, Status.ACTIVE), Move(failed, Status.FAILED), Move(again, Status.PENDING)]
        at = again + timedelta(hours=chance.uniform(0.5, 3))
    arrived = at + timedelta(days=days * chance.gammavariate(6, 1 / 6))
    return [*moves, Move(at, Status.ACTIVE), Move(arrived, Status.COMPLETED)]


def _assembly_of(draft: Draft, chance: random.Random) -> Draft:
    """Return the order of an assembly, placed together with the piece."""
    piece = draft.order
    placed_at = draft.placed_at + timedelta(seconds=chance.randrange(40, 900))
    order = Order(
        owner=piece.owner,
        project=piece.project,
        provider=piece.provider,
        title=f"{piece.title}, assembly",
        customer_name=piece.customer_name,
        customer_email=piece.customer_email,
        currency=piece.currency,
        total_price=ASSEMBLY.price_in(piece.currency),
        ordered_at=placed_at,
    )
    return Draft(order, [(ASSEMBLY, 1)], [draft])
