"""What a caller may say about an order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from orderchainer.core.errors import Invalid
from orders.models import Order, OrderItem

# What twelve digits hold, two of them decimals.
MAX_TOTAL = Decimal("9999999999.99")


class OrderFields(TypedDict, total=False):
    """The fields of an order that people and programs set. What is not named stays as it is."""

    title: str
    description: str
    status: str
    auto_activate: bool
    failure_policy: str
    total_price: Decimal
    currency: str
    link: str
    customer_name: str
    customer_email: str
    customer_phone: str
    shipping_address: str
    phone_number: str
    notes: str
    ordered_at: datetime


@dataclass(frozen=True)
class ItemDraft:
    """A line that an order shall have. `unit_price` is in the order's currency."""

    name: str
    unit_price: Decimal
    quantity: int
    sku: str = ""
    # What it is sold from; a line that people or programs write names none.
    product_id: int | None = None

    @property
    def total_price(self) -> Decimal:
        """Unit price times quantity."""
        return self.unit_price * self.quantity


def total_of(items: Sequence[ItemDraft], stated: Decimal | None) -> Decimal:
    """Return the sum of `items`. Raises `Invalid` if it is too large or another total is stated."""
    total = sum((item.total_price for item in items), Decimal("0.00"))
    if total > MAX_TOTAL:
        raise Invalid(
            {"items": [f"They add up to {total}; an order may cost {MAX_TOTAL}."]}
        )
    if stated is not None and stated != total:
        raise Invalid(
            {
                "total_price": [
                    f"It must be the sum of the items, {total}, or be left out."
                ]
            }
        )
    return total


def write_items(order: Order, items: Sequence[ItemDraft]) -> None:
    """Store `items` as the lines of `order`, in their order."""
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            name=item.name,
            sku=item.sku,
            unit_price=item.unit_price,
            quantity=item.quantity,
            product_id=item.product_id,
        )
        for item in items
    )
