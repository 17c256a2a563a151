"""One socket as the hub sees it: what it follows, how far it has got, and whether it keeps up."""

import asyncio
from collections.abc import Mapping

import orjson

from notifications.admission import Admission
from notifications.outboxes import Batch, Outbox
from notifications.protocol import CloseCode

# A reader who leaves more than this unread is cut off, to come back for the rest by position. The
# kernel's own buffers, up to a few MiB a socket, come on top.
MAX_UNREAD_BYTES = 1024 * 1024
# A replay goes on when a reader has taken all but this much, and gives up on one who takes nothing.
REPLAY_UNREAD_BYTES = 64 * 1024
REPLAY_PATIENCE_SECONDS = 30.0
_DRAIN_POLL_SECONDS = 0.02


class TooSlow(Exception):  # an outcome: the reader may come back
    """The reader took nothing for too long."""


class Listener:
    """A socket's place in the stream. `position` is the last that it was sent, or need not be sent.

    Before it is live, batches are kept aside where a replay is about to catch up with them.
    """

    def __init__(self, admission: Admission, outbox: Outbox) -> None:
        self.admission = admission
        self.outbox = outbox
        self.position = 0
        # Set once, by whoever finds first that the socket must go.
        self.closing: asyncio.Future[CloseCode] = (
            asyncio.get_running_loop().create_future()
        )
        self.is_live = False
        self._held: list[Batch] = []

    def push(self, batch: Batch) -> None:
        """Send what is new of a live batch. Never waits; a reader who is too far behind is closed."""
        if self.closing.done():
            return
        if not self.is_live:
            self._held.append(batch)
            return
        self.write(batch)
        self._require_reader()

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
            self._require_reader()

    def _require_reader(self) -> None:
        if self.outbox.buffered_bytes > MAX_UNREAD_BYTES:
            self.close(CloseCode.TOO_SLOW)

    def close(self, code: CloseCode) -> None:
        """Have the socket closed, if nobody has yet."""
        if not self.closing.done():
            self.closing.set_result(code)

    def hold(self) -> None:
        """Keep live batches aside from now on, and forget those that were: they will be read again."""
        self.is_live = False
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
