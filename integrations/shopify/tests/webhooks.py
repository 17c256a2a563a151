"""Webhooks of the pretend shop: posted to us, worked on, and what they leave behind."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.test import Client

from integrations.inbound.working import work_on
from integrations.models import InboundDelivery
from integrations.sandbox.shopify import Delivery, payloads
from integrations.sandbox.shopify.orders import Order as ShopOrder
from integrations.shopify.tests.shop import PretendShop
from orders.models import Order
from orders.stream.models import Event

PATH = "/api/v1/webhooks/shopify"


def post(body: bytes, headers: Mapping[str, str]) -> int:
    """Post a call as Shopify does; return the status of the answer."""
    answer = Client().post(PATH, body, content_type="application/json", headers=dict(headers))
    return answer.status_code


def bring(deliveries: Iterable[Delivery]) -> list[InboundDelivery]:
    """Post deliveries of the emulator one after the other, work on each, and return our rows."""
    rows = []
    for delivery in deliveries:
        assert post(delivery.body, delivery.headers) == 200
        row = InboundDelivery.objects.latest("pk")
        work_on(row.pk)
        row.refresh_from_db()
        rows.append(row)
    return rows


def told(shop: PretendShop, topic: str, payload: Any, **more: Any) -> Delivery:
    """Return a delivery of the shop, signed and not sent."""
    return shop.shop.make_delivery(topic, payload, **more)


def snapshot(shop: PretendShop, order: ShopOrder) -> dict[str, Any]:
    """Return the order as webhooks tell it now."""
    return payloads.order(order, shop.shop.offset_hours)


def the_order() -> Order:
    return Order.objects.get(provider="shopify")


def state_of(order: Order) -> tuple[Any, ...]:
    """Return all that must not change when nothing does."""
    items = list(order.items.order_by("pk").values_list("pk", "name", "quantity", "unit_price"))
    events = Event.objects.filter(order=order).count()
    return (order.status, order.version, order.source_updated_at, order.total_price, items, events)
