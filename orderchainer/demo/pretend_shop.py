"""A Shopify shop for the demo: it does not exist, but its connection and its orders look real.

Nothing here calls Shopify. The integration stays paused, so no worker does either. With
`SANDBOX=on` the demo has a shop that answers instead; see `sandbox.py`.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import Project, User
from integrations.models import Integration, SyncRun
from integrations.models.integrations import sealed
from integrations.providers import connector_of
from integrations.services.configuring import read_configuration
from integrations.work.statuses import record_status
from orders.lifecycle import Status
from orders.models import Order
from orders.services import ItemDraft, OutsideOrder, mirror_order

SHOP = "aurora-workshop-demo.myshopify.com"
NOTE = (
    "This shop belongs to the demo and does not exist. It is paused, so that nobody calls Shopify. "
    "docs/sandbox.md shows how to connect a shop that answers."
)
FIRST_ID = 6_450_000_000_101


@dataclass(frozen=True)
class Sale:
    """An order in the pretend shop: what it is now, and how many days ago it was placed."""

    customer: str
    items: Sequence[ItemDraft]
    status: Status
    days_ago: int
    paid: str = "paid"
    shipping: Decimal = Decimal("4.90")
    is_test: bool = False

    @property
    def total(self) -> Decimal:
        """The items and the shipping."""
        return sum((item.unit_price * item.quantity for item in self.items), self.shipping)


LAMP = ItemDraft("Desk lamp pine green", Decimal("79.00"), 1, "LMP-DESK-PINE")
VASE = ItemDraft("Tall vase", Decimal("54.00"), 1, "CER-VASE")
BOARDS = ItemDraft("Cutting board", Decimal("39.00"), 2, "KIT-BOARD-OAK")
# The oldest one first.
SALES = (
    Sale("Mara Lindt", [LAMP], Status.COMPLETED, days_ago=19),
    Sale("Jonas Weber", [VASE, BOARDS], Status.FULFILLED, days_ago=9),
    Sale("Elif Kaya", [BOARDS], Status.CANCELLED, days_ago=7, paid="refunded"),
    Sale("Noor Haddad", [LAMP, VASE], Status.SHIPPED, days_ago=3),
    Sale("Tom Test", [LAMP], Status.ACTIVE, days_ago=1, is_test=True),
    Sale("Hedi Sommer", [BOARDS, VASE], Status.PENDING, days_ago=0, paid="pending"),
)


def load_pretend_shop(merchant: User, project: Project) -> None:
    """Connect the project to a Shopify shop with six orders, unless it knows Shopify already."""
    provider = Order.Provider.SHOPIFY
    if (
        project.integrations.filter(provider=provider).exists()
        or Order.objects.filter(project=project, provider=provider).exists()
    ):
        return
    now = timezone.now()
    _connect(merchant, project, now)
    for number, sale in enumerate(SALES, start=1):
        for told in _as_told(sale, number, now):
            mirror_order(project=project, owner=merchant, provider=provider, told=told)


def _connect(merchant: User, project: Project, now: datetime) -> None:
    """Write an integration as it is after a check and a first sync, which would ask Shopify."""
    connector = connector_of("shopify")
    assert connector is not None
    key = secrets.token_hex(16)
    keys = {"api_key": key, "api_secret": f"shpss_{secrets.token_hex(16)}", "shop_url": SHOP}
    configuration = read_configuration(connector, keys)
    integration = Integration.objects.create(
        project=project,
        provider="shopify",
        account=configuration.account,
        status=Integration.Status.CONNECTED,
        is_paused=True,
        notes=[NOTE],
        config=dict(configuration.shown),
        secrets=sealed(configuration.secrets),
        last_sync=now,
        connected_by=merchant,
    )
    SyncRun.objects.create(
        integration=integration,
        state=SyncRun.State.DONE,
        trigger=SyncRun.Trigger.CONNECTED,
        requested_by=merchant,
        started_at=now,
        finished_at=now,
        attempts=1,
        seen=len(SALES),
        created=len(SALES),
    )
    record_status(integration, before=None, by=merchant)


def _as_told(sale: Sale, number: int, now: datetime) -> Sequence[OutsideOrder]:
    """Return what the shop told of an order: when it was placed, and as it is now."""
    placed_at = now - timedelta(days=sale.days_ago, minutes=7 * number)
    external_id = str(FIRST_ID + number)
    first, _, _ = sale.customer.partition(" ")

    def told(status: Status, paid: str, updated_at: datetime) -> OutsideOrder:
        return OutsideOrder(
            external_id=external_id,
            title=f"#{1000 + number}",
            status=status,
            updated_at=updated_at,
            ordered_at=placed_at,
            currency="EUR",
            total=sale.total,
            items=sale.items,
            customer_name=sale.customer,
            customer_email=f"{first.lower()}@example.com",
            shipping_address=f"{sale.customer}\nHafenstrasse {number}\n88131 Lindau",
            link=f"https://admin.shopify.com/store/{SHOP.partition('.')[0]}/orders/{external_id}",
            is_test=sale.is_test,
            details={"financial_status": paid, "source": "web"},
        )

    placed = told(Status.PENDING, "pending", placed_at)
    if sale.status == Status.PENDING:
        return [placed]
    return [placed, told(sale.status, sale.paid, placed_at + timedelta(minutes=90))]
