"""One socket as the hub sees it: what it follows, how far it has got, and whether it keeps up."""

import asyncio
from collections.abc import Mapping

import orjson

from notifications.admission import Admission
from notifications.outboxes import Batch, Outbox
from notifications.protocol import CloseCode

# A reader who leaves this much unread gets nothing live any more, but what it missed, as fast as it takes
# it. The kernel's own buffers, up to a few MiB a socket, come on top.
MAX_UNREAD_BYTES = 1024 * 1024
# A replay goes on when its reader has taken all but this much, and gives up on one who takes nothing.
REPLAY_UNREAD_BYTES = 64 * 1024
REPLAY_PATIENCE_SECONDS = 30.0
_DRAIN_POLL_SECONDS = 0.02


class TooSlow(Exception):  # an outcome: the reader may come back
    """The reader took nothing for too long."""


class Listener:
    """A socket's place in the stream. `position` is the last that it was sent, or need not be sent.

    It is live, or a replay is about to catch up with what is kept aside for it, or it has fallen `behind`
    and waits for a replay.
    """

    def __init__(self, admission: Admission, outbox: Outbox) -> None:
        self.admission = admission
        self.outbox = outbox
        self.position = 0
        # Set once, by whoever finds first that the socket must go.
        self.closing: asyncio.Future[CloseCode] = (
            asyncio.get_running_loop().create_future()
        )
        self.behind = asyncio.Event()
        self.is_live = False
        self._held: list[Batch] = []

    def push(self, batch: Batch) -> None:
        """Send what is new of a live batch; never waits. What the reader has no room for, it is not sent."""
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
        """Send what is new of a batch, however far behind the reader is."""
        if self.position >= batch.last:
            return
        fresh = batch.after(self.position)
        self.position = fresh.last
        self.outbox.write(fresh)

    def say(self, message: Mapping[str, object]) -> None:
        """Send a message that is no event."""
        if not self.closing.done():
            self.outbox.write_text(orjson.dumps(message))
            # One who asks and asks and does not listen.
            if self.outbox.buffered_bytes > 2 * MAX_UNREAD_BYTES:
                self.close(CloseCode.TOO_SLOW)

    def close(self, code: CloseCode) -> None:
        """Have the socket closed, if nobody has yet."""
        if not self.closing.done():
            self.closing.set_result(code)

    def hold(self) -> None:
        """Keep live batches aside from now on, and forget those that were: they will be read again."""
        self.is_live = False
        self.behind.clear()
        self._held = []

    def release(self) -> None:
        """Go live, beginning with what was kept aside."""
        self.is_live = True
        held, self._held = self._held, []
        for batch in held:
            self.push(batch)

    async def taken(self) -> None:
        """Wait until the reader has taken nearly all. Raises TooSlow once it takes nothing at all."""
        loop = asyncio.get_running_loop()
        least, since = self.outbox.buffered_bytes, loop.time()
        while self.outbox.buffered_bytes > REPLAY_UNREAD_BYTES:
            await asyncio.sleep(_DRAIN_POLL_SECONDS)
            if self.outbox.buffered_bytes < least:
                least, since = self.outbox.buffered_bytes, loop.time()
            elif loop.time() - since > REPLAY_PATIENCE_SECONDS:
                raise TooSlow
