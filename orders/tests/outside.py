"""A shop outside that tells about its orders."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Project
from orders.lifecycle import Status
from orders.models import Order
from orders.services import ItemDraft, Mirrored, OutsideOrder, mirror_order
from orders.stream.models import Event

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MUG = ItemDraft(name="Mug", sku="MUG-B", unit_price=Decimal("29.99"), quantity=2)
TOLD = OutsideOrder(
    external_id="5940139491234",
    title="#1001",
    status=Status.PENDING,
    updated_at=NOON,
    ordered_at=NOON - timedelta(minutes=1),
    currency="EUR",
    # With 4.90 for shipping, so it is not the sum of the items.
    total=Decimal("64.88"),
    items=[MUG],
    customer_name="Ada Lovelace",
    customer_email="ada@example.org",
    customer_phone="+15550100",
    shipping_address="1 Main Street\nSpringfield",
    notes="Ring twice.",
    link="https://shop.example/admin/orders/5940139491234",
    details={"financial_status": "pending"},
)


def told(seconds: int = 0, **changes: Any) -> OutsideOrder:
    """Return what the shop tells of its order so many seconds after noon."""
    return replace(TOLD, **{"updated_at": NOON + timedelta(seconds=seconds), **changes})


def mirror(project: Project, seconds: int = 0, **changes: Any) -> Mirrored:
    """Mirror the shop's order, as Shopify's, for the project's first member."""
    return mirror_order(
        project=project,
        owner=project.members.earliest("pk"),
        provider=Order.Provider.SHOPIFY,
        told=told(seconds, **changes),
    )


def events_of(order: Order) -> list[tuple[str, str]]:
    """Return the types of an order's events, each with the status after it, oldest first."""
    events = Event.objects.filter(order=order).order_by("pk")
    return [(each.type, each.data["status"]) for each in events]
