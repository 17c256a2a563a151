"""A project's feed through the whole service: people work over HTTP, and others follow."""

import asyncio
import json
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
import requests
from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from accounts.models import User
from accounts.tests.factories import make_api_token, make_user, token_of
from accounts.tests.projects import Team, make_team
from integrations.sandbox.shopify import Shopify
from notifications.sockets.tests.conftest import Shop
from notifications.sockets.tests.factories import in_thread
from orders.lifecycle import EventType
from orders.services import OrderFields, create_order
from orders.stream.models import ORDER
from orders.stream.queries import stream_of_project
from orders.stream.relay import relay_events

pytestmark = pytest.mark.processes


def send(shop: Shop, token: str, method: str, path: str, body: Any = None) -> requests.Response:
    """Send a request. Fails unless it succeeds."""
    answer = requests.request(
        method,
        shop.http + path,
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    answer.raise_for_status()
    return answer


def follow(shop: Shop, project_id: UUID, token: str, query: str = "") -> connect:
    """Open a socket on a project."""
    return connect(
        f"{shop.websockets}/ws/projects/{project_id}/{query}",
        additional_headers={"Authorization": f"Bearer {token}"},
        max_queue=None,
    )


async def hear_to_the_end(connection: ClientConnection) -> list[int]:
    """Return the positions of all events until a deletion or until the socket closes."""
    positions = []
    with suppress(ConnectionClosed):
        while True:
            message = json.loads(await asyncio.wait_for(connection.recv(), 30))
            if "event_id" in message:
                positions.append(message["position"])
            if message["type"] == EventType.DELETED:
                break
    return positions


async def test_a_member_removed_over_http_while_orders_move_hears_no_more(
    shop: Shop,
) -> None:
    team: Team = await in_thread(make_team)
    project_id, agent = team.project.uuid, team.members["agent"]
    tokens = {name: await in_thread(token_of, user) for name, user in team.members.items()}
    customer: User = await in_thread(make_user)
    orders = [
        await in_thread(
            create_order,
            by=customer,
            fields={"title": f"Order {number}"},
            project=team.project,
        )
        for number in range(30)
    ]
    half_way = asyncio.Event()
    loop = asyncio.get_running_loop()

    def handle_orders() -> None:
        for number, order in enumerate(orders):
            path = f"/api/orders/{order.pk}"
            send(shop, tokens["manager"], "PATCH", path, {"status": "shipped"})
            if number == len(orders) // 2:
                loop.call_soon_threadsafe(half_way.set)
        send(shop, tokens["manager"], "DELETE", f"/api/orders/{orders[0].pk}")

    async with (
        follow(shop, project_id, tokens["agent"], "?after=0") as first,
        follow(shop, project_id, tokens["agent"]) as second,
        follow(shop, project_id, tokens["viewer"], "?after=0") as viewer,
    ):
        listening = [asyncio.create_task(hear_to_the_end(each)) for each in (first, second, viewer)]
        handling = asyncio.create_task(in_thread(handle_orders))
        await half_way.wait()
        member = f"/api/v1/projects/{project_id}/members/{agent.uuid}"
        await in_thread(send, shop, tokens["owner"], "DELETE", member)
        await handling
        of_first, of_second, of_viewer = await asyncio.gather(*listening)
        assert (first.close_code, second.close_code) == (4404, 4404)

    events = await in_thread(stream_of_project, team.project.pk, [ORDER], after=0, limit=1000)
    positions = [event.position for event in events]
    assert of_viewer == positions
    assert of_first == positions[: len(of_first)]
    assert of_second == [each for each in of_first if each >= of_second[0]]
    assert len(of_first) < len(positions)
    async with follow(shop, project_id, tokens["agent"], "?after=0") as back:
        assert await hear_to_the_end(back) == []
        assert back.close_code == 4404


async def hear(connection: ClientConnection) -> tuple[Any, float]:
    """Return the next message, and the moment at which it arrived."""
    return json.loads(await asyncio.wait_for(connection.recv(), 30)), time.monotonic()


async def test_merchant_and_customer_hear_of_a_hub_patch_within_two_seconds(shop: Shop) -> None:
    """Over HTTP, through the relay in the worker, to both sockets."""
    team: Team = await in_thread(make_team)
    token = await in_thread(token_of, team.owner)
    customer: User = await in_thread(make_user)
    of_customer = await in_thread(token_of, customer)
    fields: OrderFields = {"title": "A table"}
    order = await in_thread(create_order, by=customer, fields=fields, project=team.project)
    await in_thread(relay_events)
    path = f"/api/v1/orders/{team.project.uuid}/{order.uuid}"

    async with (
        follow(shop, team.project.uuid, token, "?after=0") as merchants,
        connect(
            f"{shop.websockets}/ws/notifications/{customer.pk}/?after=0",
            additional_headers={"Authorization": f"Bearer {of_customer}"},
        ) as customers,
    ):
        for connection in (merchants, customers):
            kinds = {(await hear(connection))[0]["type"] for _ in range(2)}
            assert kinds == {"order_notification", "resumed"}
        before = "pending"
        for status in ("active", "shipped", "fulfilled", "completed"):
            sent_at = time.monotonic()
            patching = asyncio.create_task(
                in_thread(send, shop, token, "PATCH", path, {"status": status})
            )
            (told, told_at), (same, same_at) = await asyncio.gather(
                hear(merchants), hear(customers)
            )
            await patching
            assert told["type"] == "order_status_update"
            assert (told["old_status"], told["new_status"]) == (before, status)
            assert same == told
            # The first one may wait for a worker that is still starting.
            assert max(told_at, same_at) - sent_at < 2 or before == "pending"
            before = status


async def test_a_shops_webhook_reaches_the_project_within_two_seconds(
    shop_and_shopify: tuple[Shop, Shopify],
) -> None:
    """A customer buys in a Shopify shop, and the shop pays, ships and takes back."""
    shop, shopify = shop_and_shopify
    team: Team = await in_thread(make_team)
    token = await in_thread(token_of, team.owner)
    outside = shopify.shop
    config = {
        "api_key": outside.client_id,
        "api_secret": outside.client_secret,
        "shop_url": outside.domain,
    }
    path = f"/api/v1/integrations/{team.project.uuid}/connect"

    async with follow(shop, team.project.uuid, token) as merchants:
        await in_thread(send, shop, token, "POST", path, {"provider": "shopify", "config": config})
        kinds = [(await hear(merchants))[0]["type"] for _ in range(3)]
        assert kinds == ["integration_status_changed"] * 2 + ["sync_finished"]

        began_at = time.monotonic()
        order = await in_thread(outside.make_order)
        created, told_at = await hear(merchants)
        assert (created["type"], created["title"]) == ("order_notification", order.name)
        assert told_at - began_at < 2
        before = "pending"
        for change, status in [("pay", "active"), ("fulfil", "fulfilled"), ("close", "completed")]:
            began_at = time.monotonic()
            await in_thread(outside.change, order.id, change)
            told, told_at = await hear(merchants)
            while told["type"] == "order_updated":  # details that changed along
                told, told_at = await hear(merchants)
            assert told["type"] == "order_status_update"
            assert (told["old_status"], told["new_status"]) == (before, status)
            assert told_at - began_at < 2
            before = status


@pytest.mark.parametrize("credential", ["session", "API token"])
async def test_listen_shows_what_happens_in_a_project(shop: Shop, credential: str) -> None:
    team: Team = await in_thread(make_team)
    token = await in_thread(token_of, team.owner)
    shown = token
    if credential == "API token":
        _, shown = await in_thread(make_api_token, team.members["viewer"])
    customer: User = await in_thread(make_user)
    order = await in_thread(
        create_order, by=customer, fields={"title": "A table"}, project=team.project
    )
    path = f"/api/orders/{order.pk}"
    await in_thread(send, shop, token, "PATCH", path, {"status": "shipped"})

    told = await in_thread(listen, shop, shown, "--project", str(team.project.uuid), "--count", "2")

    assert told.returncode == 0, told.stderr
    created, moved = map(json.loads, told.stdout.splitlines())
    assert (created["type"], created["title"]) == ("order_notification", "A table")
    assert moved["message"] == (f"Order #{order.pk} status updated from pending to shipped")


async def test_listen_says_when_it_may_not_look(shop: Shop) -> None:
    team: Team = await in_thread(make_team)
    stranger: User = await in_thread(make_user)
    token = await in_thread(token_of, stranger)

    for project_id in (str(team.project.uuid), "no/uuid"):
        told = await in_thread(listen, shop, token, "--project", project_id)

        assert told.returncode == 1
        assert told.stderr.strip() == (
            "CommandError: The service closed the connection: 4404\n"
            "  There is no such project, or you are not a member of it."
        )


def listen(shop: Shop, token: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command from the beginning of the stream on."""
    return subprocess.run(
        [
            *(sys.executable, "manage.py", "listen", token, "--after", "0"),
            *("--url", shop.websockets, *options),
        ],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
