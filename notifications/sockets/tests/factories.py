"""Events and sockets for tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

import orjson
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator

from accounts.models import Project, User
from accounts.tests.factories import token_of
from integrations.models import Integration
from integrations.work.statuses import record_status
from notifications.sockets.consumers import Receive, Scope
from notifications.sockets.outboxes import Send
from notifications.sockets.routing import websocket_application
from orders.lifecycle import EventType
from orders.stream.models import ORDER, Event
from orders.stream.relay import relay_events

# Typed as a server sees it; Channels types each kind of message separately.
SERVED = cast(Callable[[Scope, Receive, Send], Awaitable[None]], websocket_application)


def make_event(
    owner: User,
    type: str = EventType.CREATED,
    *,
    order_id: int = 1,
    project: Project | None = None,
    **data: Any,
) -> Event:
    """Write an event of one of `owner`'s orders as a service would, not relayed yet.

    The order is in their personal project unless another is named.
    """
    return Event.objects.create(
        type=type,
        subject_kind=ORDER,
        subject_uuid=UUID(int=order_id),
        order_id=order_id,
        owner_id=owner.pk,
        project_id=(project or owner.personal_project).pk,
        actor_id=owner.pk,
        data={"title": "An order", "status": "pending", **data},
    )


def make_stream(owner: User, length: int, *, project: Project | None = None) -> list[int]:
    """Write `length` events of `owner` and relay them; return their positions."""
    events = [
        make_event(owner, order_id=number, project=project) for number in range(1, length + 1)
    ]
    relay_events()
    return positions_of(events)


def make_integration_event(project: Project) -> None:
    """Write an event about an integration of `project` as a service would, not relayed yet."""
    shop = "north.myshopify.com"
    integration = Integration(project=project, provider="shopify", account=shop, status="connected")
    record_status(integration, before="connecting", by=None)


def positions_of(events: list[Event]) -> list[int]:
    """Return the positions that the relay gave to `events`."""
    rows = Event.objects.filter(pk__in=[event.pk for event in events]).order_by("pk")
    return [position for position in rows.values_list("position", flat=True) if position]


P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` in a thread, as a worker would, and give its database connection back."""
    return await database_sync_to_async(work, thread_sensitive=False)(*args, **kwargs)


# Typed here, because these methods of asgiref have no types.
_send_input = cast(Callable[..., Awaitable[None]], ApplicationCommunicator.send_input)
_receive_output = cast(
    Callable[..., Awaitable[dict[str, Any]]], ApplicationCommunicator.receive_output
)


class Socket(WebsocketCommunicator):
    """A client of the service's WebSocket application, without a server in between.

    While `reading` is cleared, sends to it wait, as on a server whose client reads nothing.
    """

    def __init__(self, path: str, **options: Any) -> None:
        self.subprotocol: str | None = None
        self.reading = asyncio.Event()
        self.reading.set()

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_when_read(output: dict[str, Any]) -> None:
                await self.reading.wait()
                await send(output)

            await SERVED(scope, receive, send_when_read)

        super().__init__(application, path, **options)

    # Channels' own methods keep every thread's database connection open, for tests within one
    # transaction. Our tests commit, and the service's threads give their connections back.
    async def send_input(self, message: dict[str, Any]) -> None:
        """Give the application what a client sends."""
        await _send_input(self, message)

    async def receive_output(self, timeout: float = 1) -> dict[str, Any]:
        """Return what the application sends."""
        return await _receive_output(self, timeout)

    async def hear(self, timeout: float = 3) -> dict[str, Any]:
        """Return the next message."""
        message: dict[str, Any] = orjson.loads(await self.receive_from(timeout))
        return message

    async def hear_many(self, number: int) -> list[dict[str, Any]]:
        """Return the next `number` messages."""
        return [await self.hear() for _ in range(number)]

    async def hear_to_the_close(self, code: int) -> list[dict[str, Any]]:
        """Return all messages before the close. Fails unless the close has this code."""
        heard = []
        while (output := await self.receive_output(3))["type"] == "websocket.send":
            heard.append(orjson.loads(output["text"]))
        assert output == {"type": "websocket.close", "code": code}
        return heard

    async def close_code(self, timeout: float = 3) -> int:
        """Return the code of the close that comes next."""
        output = await self.receive_output(timeout)
        assert output["type"] == "websocket.close", output
        code: int = output["code"]
        return code


@asynccontextmanager
async def socket_of(
    user: User, *, of: int | None = None, query: str = "", **options: Any
) -> AsyncIterator[Socket]:
    """Open `user`'s socket with a fresh token, on their own feed or on the feed `of` another."""
    token = await in_thread(token_of, user)
    async with socket_at(
        f"/ws/notifications/{of or user.pk}/{query}",
        headers=[(b"authorization", b"Bearer " + token.encode())],
        **options,
    ) as socket:
        yield socket


@asynccontextmanager
async def project_socket_of(
    user: User, project: Project, *, query: str = "", **options: Any
) -> AsyncIterator[Socket]:
    """Open `user`'s socket on the feed of a project with a fresh token."""
    token = await in_thread(token_of, user)
    async with socket_at(
        f"/ws/projects/{project.uuid}/{query}",
        headers=[(b"authorization", b"Bearer " + token.encode())],
        **options,
    ) as socket:
        yield socket


@asynccontextmanager
async def socket_at(path: str, **options: Any) -> AsyncIterator[Socket]:
    """Open a socket at `path`. The server may refuse it."""
    socket = Socket(path, **options)
    accepted, subprotocol = await socket.connect(timeout=5)
    assert accepted
    socket.subprotocol = subprotocol if isinstance(subprotocol, str) else None
    try:
        yield socket
    finally:
        await socket.disconnect(timeout=5)
