"""The way out of one socket, bounded: how much a reader leaves unread is always known."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Protocol

from notifications.messages import Message
from orderchainer.core.sockets import SocketWriter, text_frame

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Batch:
    """Messages in the stream's order, at least one, for any number of sockets. What they share is made once."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages
        self.first = messages[0].position
        self.last = messages[-1].position

    @cached_property
    def frames(self) -> bytes:
        """All messages as WebSocket frames, one behind the other."""
        return b"".join(message.frame for message in self.messages)

    @cached_property
    def texts(self) -> list[str]:
        """All messages as ASGI sends them."""
        return [message.text.decode() for message in self.messages]

    @cached_property
    def size(self) -> int:
        """What all of it takes in memory, in bytes."""
        return sum(len(message.text) for message in self.messages)

    def after(self, position: int) -> "Batch":
        """Return the part behind `position`; itself where that is all of it."""
        if position < self.first:
            return self
        return Batch(
            [message for message in self.messages if message.position > position]
        )


class Outbox(Protocol):
    """Where the messages of one socket are written. Nothing here waits, all of it runs in the loop."""

    @property
    def buffered_bytes(self) -> int:
        """What was written and has not left this process."""

    def write(self, batch: Batch) -> None:
        """Send a batch."""

    def write_text(self, text: bytes) -> None:
        """Send one JSON text."""

    async def run(self) -> None:
        """Work as long as the socket lives."""

    async def flush(self) -> None:
        """Wait until all that was written is on its way."""


class DirectOutbox:
    """Writes frames made once for all sockets straight to the socket, where the server lends it."""

    def __init__(self, writer: SocketWriter) -> None:
        self._writer = writer

    @property
    def buffered_bytes(self) -> int:
        """What the kernel has not taken over."""
        return self._writer.buffered_bytes

    def write(self, batch: Batch) -> None:
        """Send a batch in one write."""
        self._writer.write(batch.frames)

    def write_text(self, text: bytes) -> None:
        """Send one JSON text."""
        self._writer.write(text_frame(text))

    async def run(self) -> None:
        """Do nothing: writes are done when they return."""

    async def flush(self) -> None:
        """Do nothing: the closing frame goes out behind what is buffered."""


class QueuedOutbox:
    """Sends by ASGI, one message after the other, on a server that lends no socket.

    It is as bounded as that server's `send` is honest: one that waits for the network leaves the rest here.
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
        """Send what is queued until cancelled."""
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
