"""The emulated webhooks: their signatures, their topics, and how they are sent."""

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.sandbox.shopify import Delivery, Shop, signature

SECRET = "shpss_test_secret"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            '{"id":820982911946154508,"name":"#1001","note":"café"}'.encode(),
            "2mrb399R0wSwjmKyn3SxRzutylNgo+LRCK/8yJl8cWI=",
        ),
        (
            '{"id": 5940139491234, "note": "a\\/b \\u2028 \u2028", "name":"#1002"}'.encode(),
            "86BifiLbHbaGkAEFGBW3/ZxvZOBs42Grdb3U/aVTbvk=",
        ),
        (
            b'{"id":5940139491234,"note":"caf\xe9","name":"#1002"}',
            "d619S6ltypC0Pb61Sgddp1V0mhCTLMspFcsJxVZapFk=",
        ),
    ],
)
def test_signs_raw_bytes(body: bytes, expected: str) -> None:
    assert signature(SECRET, body) == expected


def topics(told: list[Delivery]) -> list[str]:
    return [delivery.topic for delivery in told]


def test_each_change_has_its_topics(shop: Shop) -> None:
    order = shop.make_order(lines=[{"title": "Mug", "price": "10.00", "quantity": 3}])
    assert topics(list(shop.deliveries)) == ["orders/create"]

    def change(name: str, **options: Any) -> list[str]:
        return topics(shop.change(order.id, name, **options))

    assert change("pay", amount="10.00") == ["orders/updated"]
    assert order.financial_status == "partially_paid"
    assert change("pay") == ["orders/paid", "orders/updated"]
    shipped = ["fulfillments/create", "orders/partially_fulfilled", "orders/updated"]
    assert change("fulfil_partly") == shipped
    assert order.display_fulfillment_status == "PARTIALLY_FULFILLED"
    assert change("fulfil") == ["fulfillments/create", "orders/fulfilled", "orders/updated"]
    assert change("unfulfil") == ["fulfillments/update", "orders/updated"]
    assert change("refund", amount="5.00") == ["refunds/create", "orders/updated"]
    assert order.financial_status == "partially_refunded"
    assert change("edit", add={"title": "Pot", "price": "1.00"}) == [
        "orders/edited",
        "orders/updated",
    ]
    assert change("tag", tags=["vip"]) == ["orders/updated"]
    assert change("close") == ["orders/updated"]
    assert change("reopen") == ["orders/updated"]
    with pytest.raises(ValueError, match="something was shipped"):
        change("cancel")
    assert change("delete") == ["orders/delete"]
    assert shop.deliveries[-1].body == b'{"id":%d}' % order.id
    assert shop.orders == {}


def test_a_webhook_has_all_headers(shop: Shop) -> None:
    shop.make_order(paid=True)
    create, paid, updated = shop.deliveries
    assert create.headers == {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Hmac-Sha256": signature(shop.client_secret, create.body),
        "X-Shopify-Shop-Domain": "demo-shop.myshopify.com",
        "X-Shopify-API-Version": "2026-10",
        "X-Shopify-Webhook-Id": create.webhook_id,
        "X-Shopify-Event-Id": create.event_id,
        "X-Shopify-Triggered-At": "2025-11-24T16:00:00.000000000Z",
    }
    assert datetime.fromtimestamp(1_764_000_000, UTC).hour == 16
    # One action, one event, and a delivery for each topic.
    assert create.event_id == paid.event_id == updated.event_id
    assert len({create.webhook_id, paid.webhook_id, updated.webhook_id}) == 3
    assert create.state == "kept"
