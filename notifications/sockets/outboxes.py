"""Writing to one socket, with a bound: we always know how much its reader has not taken."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Protocol

from notifications.sockets.messages import Message
from orderchainer.core.sockets import SocketWriter, text_frame

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Batch:
    """One or more messages in the stream's order, encoded once for any number of sockets."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages
        self.first = messages[0].position
        self.last = messages[-1].position

    @cached_property
    def frames(self) -> bytes:
        """All messages as WebSocket frames, one after the other."""
        return b"".join(message.frame for message in self.messages)

    @cached_property
    def texts(self) -> list[str]:
        """All messages as text for ASGI."""
        return [message.text.decode() for message in self.messages]

    @cached_property
    def size(self) -> int:
        """The size of all messages in memory, in bytes."""
        return sum(len(message.text) for message in self.messages)

    def after(self, position: int) -> "Batch":
        """Return the part after `position`; the batch itself if that is all of it."""
        if position < self.first:
            return self
        return Batch([message for message in self.messages if message.position > position])


class Outbox(Protocol):
    """Where the messages of one socket are written.

    Everything runs in the loop; writing never waits.
    """

    @property
    def buffered_bytes(self) -> int:
        """How many written bytes have not left this process."""

    def write(self, batch: Batch) -> None:
        """Send a batch."""

    def write_text(self, text: bytes) -> None:
        """Send one JSON text."""

    async def run(self) -> None:
        """Send, for as long as the socket lives."""

    async def flush(self) -> None:
        """Wait until everything written is on its way."""


class DirectOutbox:
    """Writes shared frames straight to the socket, if the server provides a `SocketWriter`."""

    def __init__(self, writer: SocketWriter) -> None:
        self._writer = writer

    @property
    def buffered_bytes(self) -> int:
        """How many bytes the kernel has not taken."""
        return self._writer.buffered_bytes

    def write(self, batch: Batch) -> None:
        """Send a batch in one write."""
        self._writer.write(batch.frames)

    def write_text(self, text: bytes) -> None:
        """Send one JSON text."""
        self._writer.write(text_frame(text))

    async def run(self) -> None:
        """Do nothing: a write is done when it returns."""

    async def flush(self) -> None:
        """Do nothing: the closing frame follows the buffered bytes."""


class QueuedOutbox:
    """Sends through ASGI, one message after the other, if the server provides no `SocketWriter`.

    Its bound works only if the server's `send` waits for the network. Otherwise the unsent messages
    pile up in the server, where we cannot count them.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: deque[str] = deque()
        self._filled = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.buffered_bytes = 0

    def write(self, batch: Batch) -> None:
        """Queue a batch."""
        self._put(batch.texts)

    def write_text(self, text: bytes) -> None:
        """Queue one JSON text."""
        self._put([text.decode()])

    def _put(self, texts: Iterable[str]) -> None:
        for text in texts:
            self._queue.append(text)
            self.buffered_bytes += len(text)
        self._idle.clear()
        self._filled.set()

    async def run(self) -> None:
        """Send queued messages until cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._queue:
                text = self._queue.popleft()
                await self._send({"type": "websocket.send", "text": text})
                self.buffered_bytes -= len(text)
            self._idle.set()

    async def flush(self) -> None:
        """Wait until the queue is empty."""
        await self._idle.wait()
