"""The emulated webhooks: their signatures, their topics, and how they are sent."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.sandbox.server import Sandbox
from integrations.sandbox.shopify import Delivery, Shop, signature
from integrations.sandbox.shopify.tests.conftest import Client
from integrations.sandbox.wire import Answer, Request

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


def test_writes_bodies_with_the_escapes_of_shopify(shop: Shop) -> None:
    order = shop.make_order(id=5940139491234, name="EN1001", note="<b> & \u2028 é")
    body = shop.deliveries[-1].body
    assert '"note":"\\u003cb\\u003e \\u0026 \\u2028 é"'.encode() in body
    assert json.loads(body)["note"] == order.note
    assert (json.loads(body)["id"], json.loads(body)["name"]) == (5940139491234, "EN1001")


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


# --- Sent over HTTP ----------------------------------------------------------------------------


class Receiver:
    """Stands for the service: keeps what it gets, and answers `status`."""

    name = "receiver"
    label = "Receiver"

    def __init__(self) -> None:
        self.status = 200
        self.got: list[Request] = []

    def serves(self, path: str) -> bool:
        return True

    def answer(self, request: Request) -> Answer:
        self.got.append(request)
        return Answer(self.status, b"seen", {"Location": "/elsewhere"})

    def control(self, method: str, path: str, data: Any) -> Answer | None:
        return None

    def settings(self, host: str) -> Mapping[str, str]:
        return {}

    def introduction(self, host: str) -> list[str]:
        return []

    def reset(self) -> None:
        self.status = 200
        self.got.clear()

    def topics(self) -> list[str]:
        """The topics of what came, in the order in which it came."""
        return [request.headers["x-shopify-topic"] for request in self.got]


@dataclass
class Service:
    """A running receiver and where it is."""

    receiver: Receiver
    url: str

    @property
    def got(self) -> list[Request]:
        return self.receiver.got


@pytest.fixture(scope="module")
def sandbox_of_receiver() -> Iterator[Sandbox]:
    with Sandbox(Receiver()) as sandbox:
        yield sandbox


@pytest.fixture
def service(sandbox_of_receiver: Sandbox) -> Service:
    (receiver,) = sandbox_of_receiver.emulators
    assert isinstance(receiver, Receiver)
    receiver.reset()
    return Service(receiver, f"http://{sandbox_of_receiver.host}/webhooks")


SUBSCRIBE = """mutation($topic: WebhookSubscriptionTopic!, $told: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $told) {
    webhookSubscription { id topic uri name apiVersion { handle } }
    userErrors { field message } } }"""


def subscribe(client: Client, topic: str, uri: str, **told: Any) -> dict[str, Any]:
    """Subscribe, and return the payload of the mutation."""
    data = client.ask(SUBSCRIBE, topic=topic, told={"uri": uri, **told})
    payload: dict[str, Any] = data["webhookSubscriptionCreate"]
    return payload


def test_sends_each_topic_to_its_subscribers(client: Client, service: Service) -> None:
    client.control("shops/-", {"allows_http": True}, method="PATCH")
    made = subscribe(client, "ORDERS_PAID", service.url, name="orderchainer")
    assert made["userErrors"] == []
    assert made["webhookSubscription"]["topic"] == "ORDERS_PAID"
    assert made["webhookSubscription"]["apiVersion"] == {"handle": "2026-10"}
    order = client.control("shops/-/orders", {"paid": False}).json()
    told = client.control(f"shops/-/orders/{order['id']}/pay", {}).json()
    assert [each["topic"] for each in told] == ["orders/paid", "orders/updated"]
    assert client.control("wait", {}).json() is True

    (request,) = service.got
    assert request.headers["x-shopify-topic"] == "orders/paid"
    assert request.headers["x-shopify-name"] == "orderchainer"
    assert request.headers["content-type"] == "application/json"
    signed = request.headers["x-shopify-hmac-sha256"]
    assert signed == signature(client.shop.client_secret, request.body)
    payload = request.json()
    assert (payload["id"], payload["financial_status"]) == (order["id"], "paid")
    deliveries = client.control("shops/-/deliveries", method="GET").json()
    assert [each["state"] for each in deliveries] == ["kept", "delivered", "kept"]


def test_sends_only_the_fields_that_a_subscription_includes(
    client: Client, service: Service
) -> None:
    client.shop.allows_http = True
    subscribe(client, "ORDERS_CREATE", service.url, includeFields=["id", "updated_at"])
    order = client.shop.make_order()
    assert client.shopify.sender.wait()
    assert service.got[0].json() == {"id": order.id, "updated_at": "2025-11-24T11:00:00-05:00"}


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("http://127.0.0.1:1/x", "Address protocol http:// is not supported"),
        ("https://localhost/x", "Address cannot be localhost"),
        ("ftp://example.com/x", "Address is invalid"),
        ("nowhere", "Address is invalid"),
        ("https://example.com/taken", "Address for this topic has already been taken"),
    ],
)
def test_refuses_addresses(client: Client, uri: str, message: str) -> None:
    subscribe(client, "ORDERS_CREATE", "https://example.com/taken")
    refused = subscribe(client, "ORDERS_CREATE", uri)
    assert refused["webhookSubscription"] is None
    assert refused["userErrors"][0]["message"] == message
    assert len(client.shop.subscriptions) == 1


def test_lists_changes_and_deletes_subscriptions(client: Client) -> None:
    first = subscribe(client, "ORDERS_CREATE", "https://example.com/a")["webhookSubscription"]
    subscribe(client, "APP_UNINSTALLED", "https://example.com/a")
    query = """query($topics: [WebhookSubscriptionTopic!]) {
        webhookSubscriptions(first: 10, topics: $topics) { nodes { id topic uri } } }"""
    found = client.ask(query)["webhookSubscriptions"]["nodes"]
    assert [each["topic"] for each in found] == ["ORDERS_CREATE", "APP_UNINSTALLED"]
    found = client.ask(query, topics=["APP_UNINSTALLED"])["webhookSubscriptions"]["nodes"]
    assert [each["topic"] for each in found] == ["APP_UNINSTALLED"]
    assert client.refusal(query, topics=["CUSTOMERS_REDACT"]) == "INVALID_VARIABLE"

    change = """mutation($id: ID!, $told: WebhookSubscriptionInput!) {
        webhookSubscriptionUpdate(id: $id, webhookSubscription: $told) {
            webhookSubscription { uri } userErrors { message } } }"""
    told = {"uri": "https://example.com/b"}
    changed = client.ask(change, id=first["id"], told=told)["webhookSubscriptionUpdate"]
    assert changed == {"webhookSubscription": told, "userErrors": []}

    delete = """mutation($id: ID!) { webhookSubscriptionDelete(id: $id) {
        deletedWebhookSubscriptionId userErrors { field message } } }"""
    gone = client.ask(delete, id=first["id"])["webhookSubscriptionDelete"]
    assert gone == {"deletedWebhookSubscriptionId": first["id"], "userErrors": []}
    again = client.ask(delete, id=first["id"])["webhookSubscriptionDelete"]
    assert again["userErrors"][0]["message"] == "Webhook subscription does not exist"


@pytest.mark.parametrize("status", [500, 302, 401])
def test_tries_eight_times_more_and_then_deletes_the_subscription(
    client: Client, service: Service, status: int
) -> None:
    client.control("pace", {"seconds": 1e-7})
    client.shop.allows_http = True
    subscribe(client, "ORDERS_CREATE", service.url)
    service.receiver.status = status
    client.shop.make_order()
    assert client.shopify.sender.wait()
    assert len(service.got) == 9
    assert len({request.body for request in service.got}) == 1
    assert len({request.headers["x-shopify-webhook-id"] for request in service.got}) == 1
    assert client.shop.subscriptions == {}
    assert client.shop.deliveries[-1].state == "failed"


def test_a_retry_that_succeeds_ends_the_trying(client: Client, service: Service) -> None:
    client.shopify.sender.pace = 0.005
    client.shop.listener = service.url
    service.receiver.status = 503
    client.shop.make_order()
    while not service.got:
        pass
    service.receiver.status = 200
    assert client.shopify.sender.wait()
    assert len(service.got) == 2
    assert client.shop.deliveries[-1].state == "delivered"


def test_delivers_on_request_however_asked(client: Client, service: Service) -> None:
    client.control("shops/-/listener", {"url": service.url})
    order = client.shop.make_order(announces=False)
    old_secret = client.shop.client_secret
    new_secret = client.control("shops/-/rotate", {"secret": "shpss_new"}).json()["secret"]

    def deliver(path: str = "", **told: Any) -> list[Any]:
        answer = client.control(f"shops/-/deliver{path}", told)
        assert answer.status_code == 200, answer.text
        made: list[Any] = answer.json()
        assert [each["attempts"][0]["status"] for each in made] == [200] * len(made)
        return made

    for signed, expected in (("good", new_secret), ("old", old_secret)):
        deliver(topic="orders/updated", order_id=order.id, signed=signed)
        request = service.got[-1]
        assert request.headers["x-shopify-hmac-sha256"] == signature(expected, request.body)
    deliver(topic="orders/updated", order_id=order.id, signed="wrong")
    request = service.got[-1]
    assert request.headers["x-shopify-hmac-sha256"] != signature(new_secret, request.body)
    deliver(topic="orders/updated", order_id=order.id, signed="none")
    assert "x-shopify-hmac-sha256" not in service.got[-1].headers

    deliver(topic="orders/create", body_base64="eyJub3RlIjoiY2Fm6SJ9", times=2)
    first, second = service.got[-2:]
    assert first.body == second.body == b'{"note":"caf\xe9"}'
    assert first.headers["x-shopify-webhook-id"] == second.headers["x-shopify-webhook-id"]
    deliver(topic="x", payload={"id": 1}, shop_domain="other.myshopify.com", event_id="e")
    assert service.got[-1].headers["x-shopify-shop-domain"] == "other.myshopify.com"
    (last,) = deliver(topic="orders/paid", order_id=order.id)
    same = last["headers"]["X-Shopify-Webhook-Id"]
    deliver(f"/{same}", webhook_id="another")
    assert service.got[-1].body == service.got[-2].body
    assert service.got[-1].headers["x-shopify-webhook-id"] == "another"
    assert (
        service.got[-1].headers["x-shopify-event-id"]
        == service.got[-2].headers["x-shopify-event-id"]
    )
    assert client.control("shops/-/deliver", {"topic": "x", "signed": "maybe"}).status_code == 400


def test_sends_in_any_order_and_later(client: Client, service: Service) -> None:
    client.control("shops/-", {"holds_webhooks": True}, method="PATCH")
    client.control("shops/-/listener", {"url": service.url})
    client.shop.make_order(paid=True)
    assert client.shopify.sender.wait()
    assert service.got == []
    held = client.control("shops/-/deliveries", method="GET").json()
    assert [each["topic"] for each in held] == ["orders/create", "orders/paid", "orders/updated"]
    for each in reversed(held):
        client.control(f"shops/-/deliver/{each['headers']['X-Shopify-Webhook-Id']}", {})
    assert service.receiver.topics() == ["orders/updated", "orders/paid", "orders/create"]
    client.control(
        "shops/-/deliver", {"topic": "orders/updated", "payload": {}, "after_seconds": 0.02}
    )
    assert len(service.got) == 3
    assert client.control("wait", {}).json() is True
    assert len(service.got) == 4


def test_signs_with_the_old_secret_for_a_while(client: Client, shop: Shop) -> None:
    old = shop.client_secret
    client.control("shops/-/rotate", {})
    client.control("shops/-", {"signs_with": "old"}, method="PATCH")
    shop.make_order()
    last = shop.deliveries[-1]
    assert last.signature == signature(old, last.body) != signature(shop.client_secret, last.body)


def test_an_uninstalled_app_hears_of_it_and_loses_its_access(client: Client, shop: Shop) -> None:
    client.token = client.exchange().json()["access_token"]
    subscribe(client, "APP_UNINSTALLED", "https://example.invalid/x")
    shop.holds_webhooks = True
    client.control("shops/-/uninstall", {})
    last = shop.deliveries[-1]
    assert (last.topic, last.url) == ("app/uninstalled", "https://example.invalid/x")
    assert json.loads(last.body)["myshopify_domain"] == shop.domain
    assert client.call("{ shop { name } }").status_code == 401
    assert client.exchange().json()["error"] == "app_not_installed"
    assert shop.subscriptions == {}
    client.control("shops/-/install", {})
    assert client.exchange().status_code == 200


def test_sends_the_three_privacy_topics(client: Client, shop: Shop) -> None:
    order = shop.make_order(phone="+12125550100")
    assert order.customer is not None
    person = {"id": order.customer.id, "email": "ada@example.com", "phone": None}
    where = {"shop_id": shop.id, "shop_domain": shop.domain}

    def told(topic: str) -> Any:
        data = {"topic": topic, "order_ids": [order.id]}
        assert client.control("shops/-/privacy", data).status_code in (204, 400)
        assert shop.deliveries[-1].topic == topic
        return json.loads(shop.deliveries[-1].body)

    assert told("customers/redact") == {
        **where,
        "customer": person,
        "orders_to_redact": [order.id],
    }
    assert told("customers/data_request") == {
        **where,
        "orders_requested": [order.id],
        "customer": person,
        "data_request": {"id": 9999},
    }
    assert told("shop/redact") == where
    assert client.control("shops/-/privacy", {"topic": "orders/paid"}).status_code == 400


def test_an_edit_names_its_order_and_changes_the_current_amounts_alone(shop: Shop) -> None:
    line = {"title": "Mug", "price": "69.60", "quantity": 2, "discount": "19.20"}
    order = shop.make_order(lines=[line], paid=True)
    edited, updated = shop.change(order.id, "edit", quantities={str(order.lines[0].id): 1})
    assert json.loads(edited.body)["order_edit"]["order_id"] == order.id
    payload = json.loads(updated.body)
    assert (payload["total_price"], payload["current_total_price"]) == ("120.00", "60.00")
    (line,) = payload["line_items"]
    assert (line["quantity"], line["current_quantity"]) == (2, 1)
