"""One socket as the hub sees it: what it follows, its position, and whether it keeps up."""

import asyncio
from collections.abc import Mapping

import orjson

from notifications.sockets.admission import Admission
from notifications.sockets.outboxes import Batch, Outbox
from notifications.sockets.protocol import CloseCode

# A reader with this much unread gets no more live events. It gets what it missed by replay, as fast
# as it reads. The kernel's own buffers, up to a few MiB per socket, come on top.
MAX_UNREAD_BYTES = 1024 * 1024
# A replay continues when its reader has taken all but this much. It gives up on a reader that takes
# nothing.
REPLAY_UNREAD_BYTES = 64 * 1024
REPLAY_PATIENCE_SECONDS = 30.0
_DRAIN_POLL_SECONDS = 0.02


class TooSlow(Exception):  # an outcome: the reader may reconnect
    """The reader took nothing for too long."""


class Listener:
    """A socket's place in the stream.

    It was sent every event up to `position`, except those that are not in its feed.

    A listener is in one of three states. It is live; or a replay runs while live batches are held
    back for it; or it has fallen `behind` and waits for a replay.
    """

    def __init__(self, admission: Admission, outbox: Outbox) -> None:
        self.admission = admission
        self.outbox = outbox
        self.position = 0
        # Set once, by the first part of the code that decides to close the socket.
        self.closing: asyncio.Future[CloseCode] = asyncio.get_running_loop().create_future()
        self.behind = asyncio.Event()
        self.is_live = False
        self._held: list[Batch] = []

    def push(self, batch: Batch) -> None:
        """Send the new part of a live batch, unless too much is unread. Never waits."""
        if self.closing.done() or self.behind.is_set():
            return
        if not self.is_live:
            self._held.append(batch)
            return
        if self.outbox.buffered_bytes + batch.size > MAX_UNREAD_BYTES:
            self.is_live = False
            self.behind.set()
            return
        self.write(batch)

    def write(self, batch: Batch) -> None:
        """Send the new part of a batch, however much is unread."""
        if self.position >= batch.last:
            return
        fresh = batch.after(self.position)
        self.position = fresh.last
        self.outbox.write(fresh)

    def say(self, message: Mapping[str, object]) -> None:
        """Send a message that is not an event."""
        if not self.closing.done():
            self.outbox.write_text(orjson.dumps(message))
            # The client keeps asking but does not read the answers.
            if self.outbox.buffered_bytes > 2 * MAX_UNREAD_BYTES:
                self.close(CloseCode.TOO_SLOW)

    def close(self, code: CloseCode) -> None:
        """Close the socket with `code`, unless it is already closing."""
        if not self.closing.done():
            self.closing.set_result(code)

    def hold(self) -> None:
        """Hold live batches back from now on. Forget those held so far: they will be read again."""
        self.is_live = False
        self.behind.clear()
        self._held = []

    def release(self) -> None:
        """Go live, starting with the batches held back."""
        self.is_live = True
        held, self._held = self._held, []
        for batch in held:
            self.push(batch)

    async def taken(self) -> None:
        """Wait until the reader has taken nearly everything. Raises TooSlow if it stops reading."""
        loop = asyncio.get_running_loop()
        least, since = self.outbox.buffered_bytes, loop.time()
        while self.outbox.buffered_bytes > REPLAY_UNREAD_BYTES:
            await asyncio.sleep(_DRAIN_POLL_SECONDS)
            if self.outbox.buffered_bytes < least:
                least, since = self.outbox.buffered_bytes, loop.time()
            elif loop.time() - since > REPLAY_PATIENCE_SECONDS:
                raise TooSlow
