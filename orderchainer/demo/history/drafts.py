"""An order of the year before it is written: what it waits for, and what becomes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from orders.lifecycle import DONE, Status
from orders.models import Order

# A euro is worth about so many francs.
FRANCS = Decimal("0.95")


@dataclass(frozen=True)
class Article:
    """A product of the demo's catalogue."""

    sku: str
    name: str
    price: Decimal

    def price_in(self, currency: str) -> Decimal:
        """Return its price in euros or in francs, which is round."""
        if currency == "EUR":
            return self.price
        return Decimal(round(self.price * FRANCS)).quantize(Decimal("0.01"))


@dataclass(frozen=True)
class Move:
    """When an order took a status."""

    at: datetime
    status: Status


@dataclass
class Draft:
    """An unsaved order with its items.

    `moves` are planned ahead, also beyond today, so that what waits for the order can be planned
    too. Without moves it stays pending.
    """

    order: Order
    items: Sequence[tuple[Article, int]] = ()
    waits_for: "Sequence[Draft]" = ()
    moves: list[Move] = field(default_factory=list)

    @property
    def placed_at(self) -> datetime:
        """When it was placed."""
        return self.order.ordered_at

    @property
    def done_at(self) -> datetime | None:
        """When it gets done, if it does."""
        return next((move.at for move in self.moves if move.status in DONE), None)

    @property
    def ready_at(self) -> datetime | None:
        """When nothing holds it up any more; None if that never happens."""
        done = [draft.done_at for draft in self.waits_for]
        moments = [moment for moment in done if moment is not None]
        return None if len(moments) < len(done) else max([self.placed_at, *moments])
