"""Webhooks and syncs about the same order at once."""

import pytest
from django.test import Client

from accounts.tests.factories import make_user
from integrations.inbound.working import work_on
from integrations.models import InboundDelivery
from integrations.sandbox.shopify import Delivery, payloads
from integrations.shopify.tests.shop import PretendShop, make_integration, make_run
from integrations.work.runs import work_on_run
from orderchainer.testing.races import Meeting, race
from orders.models import Order
from orders.stream.models import Event

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/webhooks/shopify"


def test_webhooks_and_a_sync_of_one_order_at_once_agree(shop: PretendShop) -> None:
    integration = make_integration(shop, make_user())
    order = shop.order(created_at="2026-11-20T12:00:00Z")
    told: list[Delivery] = []
    for topic, change in [("orders/create", ""), ("orders/paid", "pay"), ("orders/updated", "tag")]:
        if change:
            shop.change(order, change, at=f"2026-11-20T12:00:0{len(told)}Z")
        snapshot = payloads.order(order, shop.shop.offset_hours)
        told.append(shop.shop.make_delivery(topic, snapshot))
    for delivery in reversed(told):
        Client().post(
            PATH, delivery.body, content_type="application/json", headers=delivery.headers
        )
    run = make_run(integration)
    rows = list(InboundDelivery.objects.values_list("pk", flat=True))
    assert len(rows) == 3

    race(
        *[lambda pk=pk: work_on(pk) for pk in rows],
        lambda: work_on_run(run.pk),
        meeting=Meeting('INSERT INTO "orders_order"', parties=4),
    )

    stored = Order.objects.get(provider="shopify")
    assert (stored.status, stored.source_details["tags"]) == ("active", "vip")
    assert stored.source_updated_at == order.updated_at
    assert stored.items.count() == len(order.lines)
    assert Event.objects.filter(order=stored, type="order_created").count() == 1
    run.refresh_from_db()
    assert (run.state, run.seen) == ("done", 1)
    assert set(InboundDelivery.objects.values_list("state", flat=True)) == {"done"}
