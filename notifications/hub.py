"""The process's one ear on the stream, and the hands that write to its sockets.

However many sockets there are, each event is read from the database once, encoded once and framed
once per process. The channel layer only wakes us: what is sent is read by position, so a lost wake-up
costs a moment (until the next poll) and never a message.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import ParamSpec, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from channels.db import database_sync_to_async
from channels.layers import BaseChannelLayer, get_channel_layer

from notifications.admission import Admission, no_longer_admitted
from notifications.feeds import Feed, feeds_of
from notifications.listeners import Listener
from notifications.messages import Message, message_of
from notifications.outboxes import Batch
from notifications.protocol import CloseCode, position_ahead, resumed
from notifications.wakeups import (
    ACCESS_CHANGED,
    CREDENTIALS_ENDED,
    PUSH_GROUP,
    STREAM_ADVANCED,
)
from orderchainer.core.measures import Gauge
from orders.stream.models import Event
from orders.stream.queries import stream_after, stream_head

logger = structlog.get_logger(__name__)

SOCKETS = Gauge(
    "orderchainer_websocket_connections",
    "WebSockets that are open now.",
    multiprocess_mode="livesum",
)

P = ParamSpec("P")
T = TypeVar("T")

# What a lost wake-up costs at most.
POLL_SECONDS = 2.0
# How long a socket can outlive what it rests on where nobody says so (an API token that expires) or the
# word was lost.
RECHECK_SECONDS = 15.0
# Events read at once.
PAGE_SIZE = 500
# What a replay reads at once, and how much of it each socket that replays may keep in memory.
REPLAY_PAGE_SIZE = 200
REPLAY_PAGE_BYTES = 256 * 1024
# After a restart everyone comes back at once; the database has other callers too.
PARALLEL_REPLAY_READS = 4
FIRST_RETRY_SECONDS = 0.5
MAX_RETRY_SECONDS = 15.0
# A socket that came while the database was away is not kept waiting for longer; it may come again.
START_SECONDS = 10.0
LEAVE_GROUP_SECONDS = 2.0
CANCEL_AGAIN_SECONDS = 0.25


class Hub:
    """Reads the stream for every socket of one event loop, from the first socket's coming to the last's going."""

    def __init__(self) -> None:
        # All events up to here have been handed to the listeners that were there for them.
        self.position = 0
        self._present: set[Listener] = set()
        self._live: dict[Feed, set[Listener]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._started: asyncio.Future[None] | None = None
        self._advanced = asyncio.Event()
        # What may hold no more: to be asked about at once.
        self._doubted: set[Admission] = set()
        self._in_doubt = asyncio.Event()
        self._replay_reads = asyncio.Semaphore(PARALLEL_REPLAY_READS)

    # --- Coming and going ------------------------------------------------------------------------

    async def start(self, listener: Listener) -> None:
        """Count `listener` in; return when `position` is known. It gets nothing before `resume`."""
        self._present.add(listener)
        SOCKETS.set(len(self._present))
        if self._started is None:
            self._started = asyncio.get_running_loop().create_future()
            self._tasks = [
                asyncio.create_task(
                    self._keep(self._follow_stream), name="push-stream"
                ),
                asyncio.create_task(
                    self._keep(self._hear_wakeups), name="push-wakeups"
                ),
                asyncio.create_task(
                    self._keep(self._recheck_admissions), name="push-recheck"
                ),
            ]
        # What was announced between its admission and its being present, it was not told.
        self._doubt([listener])
        async with asyncio.timeout(START_SECONDS):
            # Shielded, since others wait for the same start.
            await asyncio.shield(self._started)

    async def leave(self, listener: Listener) -> None:
        """Count `listener` out; with the last one the hub stops, to start again with the next."""
        self._unfollow(listener)
        self._present.discard(listener)
        SOCKETS.set(len(self._present))
        if self._present or self._started is None:
            return
        tasks, self._tasks = self._tasks, []
        self._started.cancel()
        self._started = None
        ending = set(tasks)
        while ending:
            for task in ending:
                task.cancel()
            # Again and again: a Redis client that is about to connect swallows a cancellation.
            _, ending = await asyncio.wait(ending, timeout=CANCEL_AGAIN_SECONDS)

    async def refuse_ahead(self, position: int) -> None:
        """Raise ClientError where the stream has not reached `position`."""
        if position > self.position:
            head = await _in_thread(stream_head)
            if position > head:
                raise position_ahead(head)

    async def resume(self, listener: Listener, after: int, *, announce: bool) -> None:
        """Send what the feed holds behind `after`, then go live: no gap, no repeat, no disorder.

        The past is read in pages, as fast as the reader takes them. While a page is read, live batches
        are held back: if that page is the last, they follow it; else they are dropped and
        read with a later page. `announce` has a `resumed` message mark the seam. Raises TooSlow.
        """
        self._unfollow(listener)
        listener.position = after
        while True:
            await listener.taken()
            self._follow(listener)
            through = self.position
            page, is_last = await self._past_of(listener, through)
            if is_last:
                break
            self._unfollow(listener)
            listener.write(Batch(page))
        if page:
            listener.write(Batch(page))
        if announce:
            listener.say(resumed(max(after, through)))
        listener.release()

    async def _past_of(
        self, listener: Listener, through: int
    ) -> tuple[list[Message], bool]:
        """Read the feed's next page behind the listener's position, not beyond `through`.

        The second value tells whether that is all there is up to `through`.
        """
        if listener.position >= through:
            return [], True
        feed, after = listener.admission.feed, listener.position

        def read() -> tuple[list[Message], bool]:
            events = feed.after(after, limit=REPLAY_PAGE_SIZE)
            page: list[Message] = []
            size = 0
            for event in events:
                if event.position is None or event.position > through:
                    return page, True
                if size > REPLAY_PAGE_BYTES:
                    return page, False
                page.append(message_of(event))
                size += len(page[-1].text)
            return page, len(events) < REPLAY_PAGE_SIZE

        async with self._replay_reads:
            return await _in_thread(read)

    def reached(self, listener: Listener) -> int:
        """Return up to where `listener` has been sent all that its feed holds."""
        if listener.is_live:
            return max(self.position, listener.position)
        return listener.position

    def _follow(self, listener: Listener) -> None:
        self._live.setdefault(listener.admission.feed, set()).add(listener)

    def _unfollow(self, listener: Listener) -> None:
        listener.hold()
        feed = listener.admission.feed
        followers = self._live.get(feed, set())
        followers.discard(listener)
        if not followers:
            self._live.pop(feed, None)

    # --- The three things it does all the time ---------------------------------------------------

    async def _follow_stream(self, healthy: Callable[[], None]) -> None:
        """Read what is new, whenever woken and every few seconds anyway."""
        assert self._started is not None
        if not self._started.done():
            self.position = await _in_thread(stream_head)
            self._started.set_result(None)
        while True:
            self._advanced.clear()
            while events := await _in_thread(
                stream_after, self.position, limit=PAGE_SIZE
            ):
                self._dispatch(events)
            healthy()
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._advanced.wait()
            except TimeoutError:
                continue

    async def _hear_wakeups(self, healthy: Callable[[], None]) -> None:
        """Listen to the channel layer, on the one channel that this process has in the one group."""
        layer = get_channel_layer()
        assert layer is not None
        channel = await layer.new_channel()
        await layer.group_add(PUSH_GROUP, channel)
        try:
            healthy()
            # What was announced while nobody listened.
            self._advanced.set()
            self._doubt(self._present)
            while True:
                self._heed(await layer.receive(channel))
        finally:
            await self._leave_group(layer, channel)

    async def _leave_group(self, layer: BaseChannelLayer, channel: str) -> None:
        try:
            async with asyncio.timeout(LEAVE_GROUP_SECONDS):
                await layer.group_discard(PUSH_GROUP, channel)
        except Exception:
            # Raising would hide why we leave. A layer that is gone has forgotten the group as well.
            logger.exception("push_group_not_left")

    def _heed(self, message: Mapping[str, object]) -> None:
        match message:
            case {"type": str(kind), "position": int(position)} if (
                kind == STREAM_ADVANCED
            ):
                if position > self.position:
                    self._advanced.set()
            case {"type": str(kind), "credential_ids": list(ended)} if (
                kind == CREDENTIALS_ENDED
            ):
                gone = {UUID(credential_id) for credential_id in ended}
                for listener in self._present:
                    if listener.admission.credential_id in gone:
                        listener.close(CloseCode.UNAUTHENTICATED)
            case {"type": str(kind), "access": list(changed)} if kind == ACCESS_CHANGED:
                self._doubt(
                    listener
                    for listener in self._present
                    if any(listener.admission.concerns(*access) for access in changed)
                )

    def _doubt(self, listeners: Iterable[Listener]) -> None:
        """Have it asked at once whether these may still be open."""
        self._doubted.update(listener.admission for listener in listeners)
        if self._doubted:
            self._in_doubt.set()

    async def _recheck_admissions(self, healthy: Callable[[], None]) -> None:
        """Ask whether sockets may still be open: at once for those in doubt, from time to time for all."""
        loop = asyncio.get_running_loop()
        # The first time and after a failure, which may have taken a doubt with it.
        self._doubt(self._present)
        all_due = loop.time() + RECHECK_SECONDS
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(all_due):
                    await self._in_doubt.wait()
            if loop.time() >= all_due:
                self._doubt(self._present)
                all_due = loop.time() + RECHECK_SECONDS
            self._in_doubt.clear()
            doubted, self._doubted = self._doubted, set()
            lapsed = await _in_thread(no_longer_admitted, doubted)
            for listener in self._present:
                if code := lapsed.get(listener.admission):
                    listener.close(code)
            healthy()

    # --- Handing out -----------------------------------------------------------------------------

    def _dispatch(self, events: Sequence[Event]) -> None:
        """Hand new events to whoever follows their feeds. Without a pause: nobody joins in between."""
        fresh: dict[Feed, list[Message]] = {}
        for event in events:
            followed = [feed for feed in feeds_of(event) if feed in self._live]
            if followed:
                message = message_of(event)
                for feed in followed:
                    fresh.setdefault(feed, []).append(message)
        last = events[-1].position
        assert last is not None
        self.position = last
        for feed, messages in fresh.items():
            batch = Batch(messages)
            for listener in self._live[feed]:
                self._hand_over(batch, listener)

    def _hand_over(self, batch: Batch, listener: Listener) -> None:
        try:
            listener.push(batch)
        except Exception:
            # One socket that cannot be served must not stop the others; its reader comes back for the rest.
            logger.exception("push_to_socket_failed")
            listener.close(CloseCode.UNAVAILABLE)

    async def _keep(
        self, work: Callable[[Callable[[], None]], Awaitable[None]]
    ) -> None:
        """Do `work` for ever. What fails is logged and begun anew, ever later until it is healthy."""
        retry_seconds = FIRST_RETRY_SECONDS

        def healthy() -> None:
            nonlocal retry_seconds
            retry_seconds = FIRST_RETRY_SECONDS

        while True:
            try:
                await work(healthy)
            except Exception:
                logger.exception("push_interrupted", retry_seconds=retry_seconds)
            await asyncio.sleep(retry_seconds)
            retry_seconds = min(2 * retry_seconds, MAX_RETRY_SECONDS)


async def _in_thread(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Read from the database in a thread of the pool: the one for all others may be busy for long."""
    return await database_sync_to_async(read, thread_sensitive=False)(*args, **kwargs)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub_here() -> Hub:
    """Return the hub of the running loop: one per process, since a server has one loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
