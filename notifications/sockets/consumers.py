"""The WebSocket consumer: admits a client, follows a feed for it, and answers its messages."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

import structlog
from channels.db import database_sync_to_async

from notifications.sockets.admission import (
    Admission,
    Refused,
    admit_to_owner,
    admit_to_project,
    subprotocol_of,
)
from notifications.sockets.hub import Hub, hub_here
from notifications.sockets.listeners import Listener, TooSlow
from notifications.sockets.outboxes import DirectOutbox, Outbox, QueuedOutbox, Send
from notifications.sockets.protocol import (
    ClientError,
    CloseCode,
    pong,
    position_asked_for,
    read_client_message,
    read_position,
)
from orderchainer.core.clients import address_behind_proxies
from orderchainer.core.sockets import SOCKET_EXTENSION, SocketWriter

logger = structlog.get_logger(__name__)
security_log = structlog.get_logger("security")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Admit = Callable[[Scope], Admission]

FLUSH_SECONDS = 5.0


def _client_of(scope: Scope) -> str | None:
    peer = scope.get("client")
    # A proxy may add another header instead of extending the one that it got.
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    return address_behind_proxies(peer[0] if peer else None, forwarded.decode("latin-1").split(","))


class Allowance:
    """How many messages a client may send: twenty at once, two per second in the long run."""

    AT_ONCE: ClassVar = 20
    PER_SECOND: ClassVar = 2.0

    def __init__(self) -> None:
        self._left = float(self.AT_ONCE)
        self._since = time.monotonic()

    def take(self) -> bool:
        """Use up one message. Return False if none is left."""
        now = time.monotonic()
        self._left = min(self.AT_ONCE, self._left + (now - self._since) * self.PER_SECOND)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class FeedConsumer:
    """An ASGI application for sockets that follow one feed.

    Channels' own consumers take a channel of the layer for each socket, which the hub avoids.
    `admit` reads the database and returns who follows what, or raises Refused.
    """

    def __init__(self, admit: Admit) -> None:
        self._admit = admit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket from its handshake to its end."""
        await receive()  # websocket.connect
        # Accept even a socket that we refuse: after a failed handshake a browser gets no close
        # code.
        accept = {"type": "websocket.accept", "subprotocol": subprotocol_of(scope)}
        try:
            admission = await database_sync_to_async(self._admit, thread_sensitive=False)(scope)
        except Refused as refusal:
            security_log.warning(
                "socket_refused",
                path=scope["path"],
                code=int(refusal.code),
                ip=_client_of(scope),
            )
            await send(accept)
            await send({"type": "websocket.close", "code": int(refusal.code)})
            return
        hub = hub_here()
        listener = Listener(admission, _outbox_of(scope, send))
        try:
            await hub.start(listener)
            # Start here: the client must get everything that is committed after it sees the open
            # socket.
            listener.position = hub.position
            await send(accept)
            code = await _Conversation(hub, listener, receive).run(scope["query_string"])
            if code is not None:
                await send({"type": "websocket.close", "code": int(code)})
                logger.info(
                    "socket_closed",
                    path=scope["path"],
                    code=int(code),
                    user_id=admission.user_id,
                )
        finally:
            await hub.leave(listener)


def _outbox_of(scope: Scope, send: Send) -> Outbox:
    writer: SocketWriter | None = scope.get("extensions", {}).get(SOCKET_EXTENSION)
    return QueuedOutbox(send) if writer is None else DirectOutbox(writer)


class _Conversation:
    """One accepted socket: reads the client's messages while the hub sends to it."""

    def __init__(self, hub: Hub, listener: Listener, receive: Receive) -> None:
        self._hub = hub
        self._listener = listener
        self._receive = receive
        self._allowance = Allowance()
        self._following: asyncio.Task[None] | None = None

    async def run(self, query_string: bytes) -> CloseCode | None:
        """Run until one side ends it. Return the close code, or None if the client is gone."""
        closing = self._listener.closing
        sending = asyncio.create_task(self._send())
        reading = asyncio.create_task(self._open_and_read(query_string))
        try:
            ends: set[asyncio.Future[Any]] = {closing, reading}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not closing.done():
                # The client left, or reading failed; then the error ends the socket.
                return reading.result()
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._listener.outbox.flush()
            return closing.result()
        finally:
            tasks = [task for task in (sending, reading, self._following) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _open_and_read(self, query_string: bytes) -> None:
        try:
            after = position_asked_for(query_string)
            if after is None:
                await self._resume(self._listener.position, announce=False)
            else:
                await self._hub.refuse_ahead(after)
                await self._resume(after, announce=True)
        except ClientError as error:
            self._end(error, CloseCode.BAD_REQUEST)
        while (event := await self._receive())["type"] != "websocket.disconnect":
            if not self._allowance.take():
                flood = ClientError("too_many_messages", "Send fewer messages.")
                self._end(flood, CloseCode.TOO_MANY_MESSAGES)
            if self._listener.closing.done():
                return
            try:
                await self._heed(read_client_message(event.get("text")))
            except ClientError as error:
                self._listener.say(error.answer)

    def _end(self, error: ClientError, code: CloseCode) -> None:
        self._listener.say(error.answer)
        self._listener.close(code)

    async def _heed(self, message: Mapping[str, object]) -> None:
        match message["type"]:
            case "ping":
                self._listener.say(pong(self._hub.reached(self._listener)))
            case "resume":
                after = read_position(message.get("after"))
                await self._hub.refuse_ahead(after)
                await self._resume(after, announce=True)
            case _:
                raise ClientError("unknown_type", "A message's type is `ping` or `resume`.")

    async def _resume(self, after: int, *, announce: bool) -> None:
        """Start following the feed again, from `after`, in a task beside the reading."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        self._following = asyncio.create_task(self._follow(after, announce=announce))

    async def _follow(self, after: int, *, announce: bool) -> None:
        try:
            await self._hub.resume(self._listener, after, announce=announce)
            while await self._listener.behind.wait():
                await self._hub.resume(self._listener, self._listener.position, announce=False)
        except TooSlow:
            self._listener.close(CloseCode.TOO_SLOW)
        except Exception:
            # Most likely the database failed. The client reconnects by position and loses nothing.
            logger.exception("push_replay_failed", user_id=self._listener.admission.user_id)
            self._listener.close(CloseCode.UNAVAILABLE)

    async def _send(self) -> None:
        try:
            await self._listener.outbox.run()
        except Exception:
            # The server can no longer reach this client. It should also report that through
            # `receive`.
            logger.exception("push_send_failed", user_id=self._listener.admission.user_id)
            self._listener.close(CloseCode.UNAVAILABLE)


async def own_notifications(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve `/ws/notifications/{user_id}/`: everything that happens to one user's orders."""
    user_id: str = scope["url_route"]["kwargs"]["user_id"]
    consumer = FeedConsumer(lambda scope: admit_to_owner(scope, user_id))
    await consumer(scope, receive, send)


async def project_events(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve `/ws/projects/{project_id}/`: what happens in one project."""
    project_id: str = scope["url_route"]["kwargs"]["project_id"]
    consumer = FeedConsumer(lambda scope: admit_to_project(scope, project_id))
    await consumer(scope, receive, send)


async def nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse an unknown path with a close code, which a browser can read."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": subprotocol_of(scope)})
    await send({"type": "websocket.close", "code": int(CloseCode.NOT_FOUND)})
