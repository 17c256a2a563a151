"""What people may mean while they type into a field for orders or products."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django.http import HttpResponse

from accounts.access import Operation
from catalog.queries.inventory import products_like
from orders import queries
from orders.access import HANDLE_ORDERS
from orders.pages.base import OfOrders

# How many a list offers.
MAX_HITS = 8
MAX_TEXT_LENGTH = 200


@dataclass(frozen=True)
class Hit:
    """An order or a product: what the field takes for it, and what people read."""

    value: str
    text: str
    status: str = ""
    note: str = ""
    amount: Decimal | None = None
    currency: str = ""


class PickPage(OfOrders):
    """Orders whose number or title `q` may mean, the newest first."""

    template_name = "orders/hits.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": HANDLE_ORDERS}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them. `but` is an order to leave out."""
        return self.show({"hits": self.hits(self.request.GET.get("q", "")[:MAX_TEXT_LENGTH])})

    def hits(self, text: str) -> list[Hit]:
        """Return what the text finds."""
        but = self.request.GET.get("but", "")
        rows = queries.orders_like(self.its_project, text.replace("\x00", ""), limit=MAX_HITS + 1)
        hits = [Hit(f"#{pk}", f"#{pk} {title}", status) for pk, title, status in rows]
        return [hit for hit in hits if hit.value != f"#{but}"][:MAX_HITS]


class PickProductPage(PickPage):
    """Products that `q` finds, as the search of products does."""

    def hits(self, text: str) -> list[Hit]:
        """Return what the text finds."""
        products = products_like(self.its_project, text.replace("\x00", ""), limit=MAX_HITS)
        return [
            Hit(
                each.sku,
                f"{each.name} ({each.sku})",
                note=f"{each.stock} left" if each.stock else "sold out",
                amount=each.price,
                currency=each.currency,
            )
            for each in products
        ]
