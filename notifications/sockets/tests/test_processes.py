"""Push by real servers to real clients, while real writers write."""

import asyncio
import http.client
import json
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from accounts.models import Project, User
from accounts.services import log_out, remove_member
from accounts.tests.factories import make_user, token_of
from accounts.tests.projects import make_team
from notifications import subscribers
from notifications.sockets.tests.factories import in_thread, make_event
from orderchainer.testing.processes import make_tables
from orderchainer.testing.servers import (
    Service,
    needs_services,
    running,
    services_of_this_test,
)
from orders.lifecycle import EventType
from orders.stream.models import ORDER, EventStream
from orders.stream.queries import stream_of_owner, stream_of_project
from orders.stream.relay import relay_events
from orders.stream.subscribers import stream_advanced

pytestmark = pytest.mark.processes

LAST = "order_deleted"


class Api:
    """A signed-in client of the service's REST interface."""

    def __init__(self, service: Service, email: str) -> None:
        self._port = service.port
        account = {"email": email, "password": "correct horse"}
        self.user_id: int = self.post("/api/auth/register", account)["id"]
        login = {"username": email, "password": "correct horse"}
        self.token: str = self.post("/api/auth/token", login)["access_token"]

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Send `body` and return the answer."""
        return self.send("POST", path, body)

    def send(self, method: str, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Send `body` and return the answer."""
        headers = {"Content-Type": "application/json"}
        if token := getattr(self, "token", ""):
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        with closing(connection):
            connection.request(method, path, json.dumps(body), headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
            assert response.status < 300, answer
            return answer


def socket_to(port: int, user_id: int, token: str, query: str = "") -> connect:
    """Open a user's socket."""
    return _socket_to(port, f"/ws/notifications/{user_id}/{query}", token)


def project_socket_to(port: int, project: Project, token: str, query: str = "") -> connect:
    """Open a socket on a project."""
    return _socket_to(port, f"/ws/projects/{project.uuid}/{query}", token)


def _socket_to(port: int, path: str, token: str) -> connect:
    return connect(
        f"ws://127.0.0.1:{port}{path}",
        additional_headers={"Authorization": f"Bearer {token}"},
        max_size=None,
        # With a limit, a client that hangs up while messages are unread would never see the close.
        max_queue=None,
    )


async def follow(url_of: Callable[[str], connect], hang_up: Callable[[], bool]) -> list[int]:
    """Listen until the last event, reconnecting now and then; return the positions."""
    positions: list[int] = []
    while True:
        query = f"?after={positions[-1]}" if positions else "?after=0"
        async with url_of(query) as connection:
            while not hang_up():
                message = json.loads(await asyncio.wait_for(connection.recv(), 30))
                if message["type"] == "resumed":
                    continue
                positions.append(message["position"])
                if message["type"] == LAST:
                    return positions


# --- The embedded mode ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the embedded service writes."""
    return tmp_path_factory.mktemp("embedded")


@pytest.fixture(scope="module")
def embedded(directory: Path) -> Iterator[Service]:
    """Run the whole service in one process."""
    make_tables(directory)
    with running("manage.py", "serve", "--prepare", directory=directory) as service:
        service.wait_for("/readyz")
        yield service


async def test_embedded_tells_every_follower_everything_in_order(
    embedded: Service,
) -> None:
    api = await in_thread(Api, embedded, "ada@example.com")
    chance = random.Random(5)

    def live() -> None:
        orders: list[int] = []
        for number in range(25):
            waits_for = orders[-1:] if number % 3 else []
            body = {"title": f"Order {number}", "dependencies": waits_for}
            orders.append(api.post("/api/orders/", body)["id"])
        for order in orders[:10]:
            api.send("PUT", f"/api/orders/{order}", {"status": "completed"})
        api.send("DELETE", f"/api/orders/{orders[-1]}", {})

    def url_of(query: str) -> connect:
        return socket_to(embedded.port, api.user_id, api.token, query)

    steady = [asyncio.create_task(follow(url_of, lambda: False)) for _ in range(5)]
    restless = [
        asyncio.create_task(follow(url_of, lambda: chance.random() < 0.2)) for _ in range(5)
    ]
    await in_thread(live)
    heard = await asyncio.gather(*steady, *restless)

    async with url_of("?after=0") as late:
        everything = [json.loads(await late.recv()) for _ in heard[0]]
    assert [message["position"] for message in everything] == heard[0]
    assert all(positions == heard[0] for positions in heard)
    kinds = [message["type"] for message in everything]
    assert kinds.count("order_notification") == 25
    assert kinds.count("order_status_update") == 10
    assert kinds[-1] == LAST


async def test_embedded_closes_sockets_at_logout(embedded: Service) -> None:
    api = await in_thread(Api, embedded, "bob@example.com")

    async with socket_to(embedded.port, api.user_id, api.token) as connection:
        await connection.send('{"type":"ping"}')
        assert json.loads(await connection.recv())["type"] == "pong"
        await in_thread(api.post, "/api/auth/logout", {})

        assert await closed_with(connection) == 4401


async def test_no_token_gets_into_a_log(embedded: Service, directory: Path) -> None:
    api = await in_thread(Api, embedded, "eve@example.com")
    address = f"ws://127.0.0.1:{embedded.port}/ws/notifications/{api.user_id}/"

    async with connect(f"{address}?token={api.token}") as connection:
        await connection.send('{"type":"ping"}')
        await connection.recv()
    for refused in (f"{address}1/?token={api.token}", f"{address}?token={api.token}x"):
        async with connect(refused) as connection:
            assert await closed_with(connection) in {4401, 4404}

    signature = api.token.rpartition(".")[2]
    written = (directory / "orderchainer.log").read_text() + embedded.output
    assert "/ws/notifications/" in written
    assert signature not in written


async def closed_with(connection: ClientConnection) -> int | None:
    """Read to the end; return the close code."""
    try:
        while True:
            await asyncio.wait_for(connection.recv(), 20)
    except ConnectionClosed:
        return connection.close_code


# --- Production -----------------------------------------------------------------------------------


# The usual server, but less patient with a reader who takes nothing.
IMPATIENT = """
import os
import django
django.setup()
from notifications.sockets import listeners
from orderchainer.operations.serving import serve

listeners.REPLAY_PATIENCE_SECONDS = 1.0
serve(address="127.0.0.1", ports=[int(os.environ["PORT"])], on_ready=lambda: None)
"""


@pytest.fixture
def sockets(transactional_db: None, tmp_path: Path) -> Iterator[list[Service]]:
    """Run two WebSocket servers on this test's PostgreSQL and Redis."""
    EventStream.objects.get_or_create(pk=1)
    environment = {
        **services_of_this_test(),
        "DJANGO_SETTINGS_MODULE": "orderchainer.settings",
    }
    with (
        running("-c", IMPATIENT, directory=tmp_path / "one", **environment) as one,
        running("-c", IMPATIENT, directory=tmp_path / "two", **environment) as two,
    ):
        one.wait_for("/healthz")
        two.wait_for("/healthz")
        yield [one, two]


@needs_services
@pytest.mark.services
@pytest.mark.parametrize("wakeups", [True, False], ids=["with wake-ups", "without"])
async def test_every_process_tells_everything_in_order_while_others_write(
    sockets: list[Service], wakeups: bool
) -> None:
    user = await in_thread(make_user)
    token = await in_thread(token_of, user)
    chance = random.Random(7)

    def write() -> None:
        for number in range(60):
            make_event(user, order_id=number)
            if number % 2:
                relay_events()

    def finish() -> None:
        make_event(user, EventType.DELETED)
        relay_events()

    def url_of(query: str) -> connect:
        return socket_to(chance.choice(sockets).port, user.pk, token, query)

    if not wakeups:
        stream_advanced.disconnect(dispatch_uid="notifications.wake_listeners")
    try:
        steady = [asyncio.create_task(follow(url_of, lambda: False)) for _ in range(6)]
        restless = [
            asyncio.create_task(follow(url_of, lambda: chance.random() < 0.1)) for _ in range(6)
        ]
        await asyncio.gather(*(in_thread(write) for _ in range(3)))
        await in_thread(finish)
        heard = await asyncio.gather(*steady, *restless)
    finally:
        subscribers.connect()

    events = await in_thread(stream_of_owner, user.pk, after=0, limit=1000)
    assert len(events) == 181
    assert all(positions == [event.position for event in events] for positions in heard)


@needs_services
@pytest.mark.services
async def test_every_process_tells_members_of_all_orders_and_customers_of_theirs(
    sockets: list[Service],
) -> None:
    team = await in_thread(make_team)
    customers = [await in_thread(make_user) for _ in range(3)]
    tokens = {
        user.pk: await in_thread(token_of, user) for user in [*team.members.values(), *customers]
    }
    chance = random.Random(11)

    def write(customer: User) -> None:
        for number in range(40):
            make_event(customer, order_id=number, project=team.project)
            make_event(customer, order_id=number)
            relay_events()

    def finish() -> None:
        for customer in customers:
            make_event(customer, EventType.BLOCKED, blockers=[])
        make_event(team.owner, EventType.DELETED, project=team.project)
        for customer in customers:
            make_event(customer, EventType.DELETED)
        relay_events()

    def of_project(member: User) -> Callable[[str], connect]:
        return lambda query: project_socket_to(
            chance.choice(sockets).port, team.project, tokens[member.pk], query
        )

    def of_customer(customer: User) -> Callable[[str], connect]:
        return lambda query: socket_to(
            chance.choice(sockets).port, customer.pk, tokens[customer.pk], query
        )

    def is_restless() -> bool:
        return chance.random() < 0.1

    members = [
        asyncio.create_task(follow(of_project(member), hang_up))
        for member in team.members.values()
        for hang_up in (is_restless, lambda: False)
    ]
    owners = [
        asyncio.create_task(follow(of_customer(customer), is_restless)) for customer in customers
    ]
    await asyncio.gather(*(in_thread(write, customer) for customer in customers))
    await in_thread(finish)
    heard_by_members = await asyncio.gather(*members)
    heard_by_customers = await asyncio.gather(*owners)

    of_all = await in_thread(stream_of_project, team.project.pk, [ORDER], after=0, limit=1000)
    assert len(of_all) == 121
    written = [event.position for event in of_all]
    assert all(heard == written for heard in heard_by_members)
    for customer, heard in zip(customers, heard_by_customers, strict=True):
        theirs = await in_thread(stream_of_owner, customer.pk, after=0, limit=1000)
        assert len(theirs) == 82
        assert heard == [event.position for event in theirs]


@needs_services
@pytest.mark.services
async def test_a_removal_closes_sockets_of_every_process(
    sockets: list[Service],
) -> None:
    team = await in_thread(make_team)
    agent = team.members["agent"]
    token = await in_thread(token_of, agent)

    async with (
        project_socket_to(sockets[0].port, team.project, token) as one,
        project_socket_to(sockets[1].port, team.project, token) as two,
    ):
        started = time.monotonic()
        await in_thread(remove_member, project=team.project, user=agent)

        assert [await closed_with(one), await closed_with(two)] == [4404, 4404]
        # An announcement closed it: the next recheck comes later than this.
        assert time.monotonic() - started < 5


@needs_services
@pytest.mark.services
async def test_a_logout_closes_sockets_of_every_process(sockets: list[Service]) -> None:
    user = await in_thread(make_user)
    token = await in_thread(token_of, user)

    async with (
        socket_to(sockets[0].port, user.pk, token) as one,
        socket_to(sockets[1].port, user.pk, token) as two,
    ):
        await in_thread(log_out, access_token=token)

        assert [await closed_with(one), await closed_with(two)] == [4401, 4401]


@needs_services
@pytest.mark.services
async def test_a_slow_reader_is_cut_off_and_comes_back_without_loss(
    sockets: list[Service],
) -> None:
    user = await in_thread(make_user)
    token = await in_thread(token_of, user)
    server = sockets[0]

    def flood() -> None:
        # More than all buffers between the two processes can hold.
        for _ in range(300):
            make_event(user, EventType.BLOCKED, blockers=list(range(10_000, 15_000)))
        relay_events()

    async with socket_to(server.port, user.pk, token) as quick:
        slow = await in_thread(open_and_read_nothing, server.port, user, token)
        with closing(slow):
            listening = asyncio.create_task(heard_by(quick, 300))
            await in_thread(flood)
            assert await listening == list(range(1, 301))
            seen = await in_thread(positions_until_the_end, slow)

    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) < 300
    async with socket_to(server.port, user.pk, token, f"?after={len(seen)}") as back:
        rest = await heard_by(back, 300 - len(seen))
        assert rest == list(range(len(seen) + 1, 301))
    assert "push_interrupted" not in server.output
    assert server.stop(signal.SIGTERM, within_seconds=5) == 0


async def heard_by(connection: ClientConnection, number: int) -> list[int]:
    """Return the positions of the next messages."""
    positions: list[int] = []
    while len(positions) < number:
        message = json.loads(await asyncio.wait_for(connection.recv(), 30))
        positions.append(message["position"])
    return positions


def open_and_read_nothing(port: int, user: User, token: str) -> socket.socket:
    """Open a WebSocket and read nothing from it."""
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    slow.settimeout(30)
    slow.connect(("127.0.0.1", port))
    slow.sendall(
        (
            f"GET /ws/notifications/{user.pk}/ HTTP/1.1\r\nHost: localhost\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Sec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n"
        ).encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += slow.recv(1)
    return slow


def positions_until_the_end(slow: socket.socket) -> list[int]:
    """Read what is left of a connection that the server has dropped."""
    data = bytearray()
    try:
        while part := slow.recv(1 << 16):
            data += part
    except ConnectionResetError:
        pass
    positions: list[int] = []
    start = 0
    while start + 4 <= len(data) and data[start] == 0x81:
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        end = start + 4 + length
        if end > len(data):
            break
        positions.append(json.loads(data[start + 4 : end])["position"])
        start = end
    return positions
