"""The WebSocket examples of the shop document, by a real daphne after a real checkout over HTTP."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import pytest
import requests
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from accounts.models import Project
from accounts.tests.factories import make_user, token_of
from catalog.models import Product
from catalog.tests.factories import make_product, make_storefront
from notifications.sockets.tests.conftest import Shop
from notifications.sockets.tests.factories import in_thread

pytestmark = pytest.mark.processes

# As the document shows them; a test replaces the order's number.
ORDER_NOTIFICATION = """
{
  "type": "order_notification",
  "order_id": 1,
  "message": "Order created successfully"
}
"""
ORDER_STATUS_UPDATE = """
{
  "type": "order_status_update",
  "order_id": 1,
  "old_status": "pending",
  "new_status": "shipped",
  "message": "Order #1 status updated from pending to shipped"
}
"""
REGISTRATION = {
    "email": "user@example.com",
    "username": "testuser",
    "first_name": "Test",
    "last_name": "User",
    "password": "securepassword123",
    "password_confirm": "securepassword123",
    "phone": "+1234567890",
    "address": "123 Main St, City, Country",
}
CHECKOUT = {
    "shipping_address": "123 Main St, City, Country",
    "phone_number": "+1234567890",
    "notes": "Leave at door",
}


def documented(example: str, order_id: int) -> list[tuple[str, object]]:
    """Return the keys and values of an example, in its order, for another order."""
    text = example.replace('"order_id": 1', f'"order_id": {order_id}')
    shown: dict[str, object] = json.loads(text.replace("#1", f"#{order_id}"))
    return list(shown.items())


def assert_begins_with(message: dict[str, Any], example: str, order_id: int) -> dict[str, Any]:
    """Check that the documented keys and values come first; return the keys after them."""
    expected = documented(example, order_id)
    told = list(message.items())
    assert told[: len(expected)] == expected
    return dict(told[len(expected) :])


class Client:
    """A user with a token."""

    def __init__(self, shop: Shop, token: str = "", user_id: int = 0) -> None:
        self._shop = shop
        self.token = token
        self.user_id = user_id

    def ask(
        self,
        method: str,
        path: str,
        status: int,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request and return the answer. Fails unless its status is `status`."""
        shown = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = requests.request(
            method,
            self._shop.http + path,
            json=body,
            headers={**shown, **(headers or {})},
            timeout=30,
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    def buy(self, product: Product, quantity: int, **headers: str) -> int:
        """Put `quantity` of `product` into the cart and check out; return the order's number."""
        item = {"product_id": product.pk, "quantity": quantity}
        self.ask("POST", "/api/cart/items/", 201, item)
        order = self.ask("POST", "/api/orders/", 201, CHECKOUT, headers)
        order_id: int = order["id"]
        return order_id

    def listen(self, path: str, by: str = "header") -> connect:
        """Open a WebSocket, showing the token in one of the three ways."""
        if by == "query":
            return connect(f"{self._shop.websockets}{path}?token={self.token}")
        if by == "subprotocol":
            protocols = [Subprotocol("bearer"), Subprotocol(self.token)]
            return connect(self._shop.websockets + path, subprotocols=protocols)
        return connect(
            self._shop.websockets + path,
            additional_headers={"Authorization": f"Bearer {self.token}"},
        )

    def listen_to_own(self, by: str = "header") -> connect:
        """Open the socket of the document."""
        return self.listen(f"/ws/notifications/{self.user_id}/", by)


async def hear(connection: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(connection.recv(), 20))
    return message


async def nothing_more(connection: ClientConnection) -> bool:
    """Tell whether nothing was sent before the answer to a ping."""
    await connection.send('{"type": "ping"}')
    answer = await hear(connection)
    return bool(answer["type"] == "pong")


def register(shop: Shop, **other: str) -> Client:
    """Register as the document does."""
    answer = Client(shop).ask("POST", "/auth/api/register/", 201, {**REGISTRATION, **other})
    return Client(shop, answer["access"], answer["user"]["id"])


def open_shop(shop: Shop, stock: int = 50) -> tuple[Client, Project, Product]:
    """Open a storefront that sells one product; return its merchant with it."""
    merchant = make_user()
    project = make_storefront(merchant)
    product = make_product(project, name="Smartphone Pro Max", price=Decimal("999.99"), stock=stock)
    return Client(shop, token_of(merchant), merchant.pk), project, product


async def test_customer_and_merchant_hear_of_a_checkout_and_of_later_moves(
    shop: Shop,
) -> None:
    merchant, project, product = await in_thread(open_shop, shop)
    customer = await in_thread(register, shop)

    async with (
        customer.listen_to_own() as first,
        customer.listen_to_own(by="query") as second,
        customer.listen_to_own(by="subprotocol") as third,
        merchant.listen(f"/ws/projects/{project.uuid}/") as merchants,
        merchant.listen_to_own() as merchants_own,
    ):
        sockets = (first, second, third, merchants)
        order_id = await in_thread(customer.buy, product, 2)
        created, *others = [await hear(each) for each in sockets]
        assert others == [created] * 3

        path = f"/api/orders/{order_id}"
        await in_thread(merchant.ask, "PUT", path, 200, {"status": "shipped"})
        moved, *others = [await hear(each) for each in sockets]
        assert others == [moved] * 3

        # The order belongs to the project, so the merchant's own feed does not show it.
        assert await nothing_more(merchants_own)

    assert assert_begins_with(created, ORDER_NOTIFICATION, order_id) == {
        "owner_id": customer.user_id,
        "title": "Smartphone Pro Max",
        "provider": "storefront",
        "total_price": "1999.98",
        "currency": "USD",
        "total_items": 2,
        "event_id": created["event_id"],
        "position": 1,
    }
    assert assert_begins_with(moved, ORDER_STATUS_UPDATE, order_id) == {
        "event_id": moved["event_id"],
        "position": 2,
    }


async def test_the_merchant_is_told_of_every_sale_once_and_each_customer_of_their_own(
    shop: Shop,
) -> None:
    merchant, project, product = await in_thread(open_shop, shop, stock=9)
    path = f"/ws/projects/{project.uuid}/"
    customers = [
        await in_thread(register, shop, email=f"{name}@example.com", username=name)
        for name in ("ada", "bob", "cleo")
    ]

    def shop_around(customer: Client) -> list[int]:
        # First an empty cart, then three orders, each requested twice.
        customer.ask("POST", "/api/orders/", 400, CHECKOUT)
        orders = []
        for number in range(3):
            key = {"Idempotency-Key": f"{customer.user_id}-{number}"}
            orders.append(customer.buy(product, 1, **key))
            again = customer.ask("POST", "/api/orders/", 201, CHECKOUT, key)
            assert again["id"] == orders[-1]
        # By now everything is sold or about to be, so nine are too many in any case.
        item = {"product_id": product.pk, "quantity": 9}
        customer.ask("POST", "/api/cart/items/", 400, item)
        return orders

    async with AsyncExitStack() as stack:
        looking_on = await stack.enter_async_context(merchant.listen(path))
        sockets = [
            await stack.enter_async_context(customer.listen_to_own()) for customer in customers
        ]
        bought = await asyncio.gather(*(in_thread(shop_around, customer) for customer in customers))
        heard = [await hear(looking_on) for _ in range(9)]
        assert await nothing_more(looking_on)
        for customer, socket, orders in zip(customers, sockets, bought, strict=True):
            told = [await hear(socket) for _ in orders]
            assert [message["order_id"] for message in told] == orders
            assert told == [message for message in heard if message["owner_id"] == customer.user_id]
            assert await nothing_more(socket)

    assert [message["position"] for message in heard] == list(range(1, 10))
    for message in heard:
        assert_begins_with(message, ORDER_NOTIFICATION, message["order_id"])
    async with merchant.listen(f"{path}?after=4") as back:
        assert [await hear(back) for _ in range(5)] == heard[4:]


async def test_both_are_told_when_a_customer_cancels_and_when_a_merchant_deletes(
    shop: Shop,
) -> None:
    merchant, project, product = await in_thread(open_shop, shop)
    customer = await in_thread(register, shop)

    async with (
        customer.listen_to_own() as customers,
        merchant.listen(f"/ws/projects/{project.uuid}/") as merchants,
    ):
        order_id = await in_thread(customer.buy, product, 1)
        path = f"/api/orders/{order_id}"
        await in_thread(customer.ask, "PATCH", path, 200, {"status": "cancelled"})
        await in_thread(merchant.ask, "DELETE", path, 200)
        heard = [await hear(customers) for _ in range(3)]
        assert [await hear(merchants) for _ in range(3)] == heard

    assert [message["message"] for message in heard] == [
        "Order created successfully",
        f"Order #{order_id} status updated from pending to cancelled",
        f"Order #{order_id} was deleted",
    ]
