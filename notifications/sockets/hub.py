"""The hub: reads the stream once for a whole process and writes to all its sockets.

However many sockets there are, each process reads, encodes and frames each event once. The channel
layer only wakes the hub up. The hub reads events by position, so a lost wake-up delays them until
the next poll and loses none.
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

from notifications.sockets.admission import Admission, no_longer_admitted
from notifications.sockets.feeds import Feed, feeds_of
from notifications.sockets.listeners import Listener
from notifications.sockets.messages import Message, message_of
from notifications.sockets.outboxes import Batch
from notifications.sockets.protocol import CloseCode, position_ahead, resumed
from notifications.sockets.wakeups import (
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

# The longest delay that a lost wake-up can cause.
POLL_SECONDS = 2.0
# How long a socket can outlive its access if nothing announces the end (an API token expires) or
# the announcement is lost.
RECHECK_SECONDS = 15.0
# How many events are read at once.
PAGE_SIZE = 500
# How many events a replay reads at once, and how many bytes of them a socket may keep in memory.
REPLAY_PAGE_SIZE = 200
REPLAY_PAGE_BYTES = 256 * 1024
# After a restart all clients reconnect at once, and the database has other callers too.
PARALLEL_REPLAY_READS = 4
FIRST_RETRY_SECONDS = 0.5
MAX_RETRY_SECONDS = 15.0
# How long a new socket waits while the database is away. Its client may reconnect.
START_SECONDS = 10.0
LEAVE_GROUP_SECONDS = 2.0
CANCEL_AGAIN_SECONDS = 0.25


class Hub:
    """Reads the stream for all sockets of one event loop.

    Starts with the first and stops with the last.
    """

    def __init__(self) -> None:
        # All events up to here have been handed to the listeners that followed their feeds.
        self.position = 0
        self._present: set[Listener] = set()
        self._live: dict[Feed, set[Listener]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._started: asyncio.Future[None] | None = None
        self._advanced = asyncio.Event()
        # Admissions that may have ended, to be checked at once.
        self._doubted: set[Admission] = set()
        self._in_doubt = asyncio.Event()
        self._replay_reads = asyncio.Semaphore(PARALLEL_REPLAY_READS)

    # --- Sockets start and leave -----------------------------------------------------------------

    async def start(self, listener: Listener) -> None:
        """Add `listener`; return when `position` is known. It gets no events before `resume`."""
        self._present.add(listener)
        SOCKETS.set(len(self._present))
        if self._started is None:
            self._started = asyncio.get_running_loop().create_future()
            self._tasks = [
                asyncio.create_task(self._keep(self._follow_stream), name="push-stream"),
                asyncio.create_task(self._keep(self._hear_wakeups), name="push-wakeups"),
                asyncio.create_task(self._keep(self._recheck_admissions), name="push-recheck"),
            ]
        # A change announced between its admission and this moment has not reached it.
        self._doubt([listener])
        async with asyncio.timeout(START_SECONDS):
            # Shielded, because other sockets wait for the same start.
            await asyncio.shield(self._started)

    async def leave(self, listener: Listener) -> None:
        """Remove `listener`. Without listeners the hub stops; the next one starts it again."""
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
            # Cancel repeatedly: a Redis client that is about to connect swallows a cancellation.
            _, ending = await asyncio.wait(ending, timeout=CANCEL_AGAIN_SECONDS)

    async def refuse_ahead(self, position: int) -> None:
        """Raise ClientError if the stream has not reached `position`."""
        if position > self.position:
            head = await _in_thread(stream_head)
            if position > head:
                raise position_ahead(head)

    async def resume(self, listener: Listener, after: int, *, announce: bool) -> None:
        """Send the feed's events after `after`, then go live: in order, without gaps or repeats.

        The past is read in pages, as fast as the reader takes them. While a page is read, live
        batches are held back. If the page is the last one, they follow it; otherwise they are
        dropped and read with a later page. With `announce`, a `resumed` message marks the end of
        the replay. Raises TooSlow.
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

    async def _past_of(self, listener: Listener, through: int) -> tuple[list[Message], bool]:
        """Read the feed's next page after the listener's position, not beyond `through`.

        The second value is True if there is nothing more up to `through`.
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
        """Return the position up to which `listener` has been sent everything in its feed."""
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

    # --- The hub's three permanent tasks ---------------------------------------------------------

    async def _follow_stream(self, healthy: Callable[[], None]) -> None:
        """Read new events when woken up, and every few seconds in any case."""
        assert self._started is not None
        if not self._started.done():
            self.position = await _in_thread(stream_head)
            self._started.set_result(None)
        while True:
            self._advanced.clear()
            is_last = False
            while not is_last:
                events = await _in_thread(stream_after, self.position, limit=PAGE_SIZE)
                if events:
                    self._dispatch(events)
                # Whatever comes after a page that was not full wakes us up again.
                is_last = len(events) < PAGE_SIZE
            healthy()
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._advanced.wait()
            except TimeoutError:
                continue

    async def _hear_wakeups(self, healthy: Callable[[], None]) -> None:
        """Listen to the channel layer: this process has one channel, in one group."""
        layer = get_channel_layer()
        assert layer is not None
        channel = await layer.new_channel()
        await layer.group_add(PUSH_GROUP, channel)
        try:
            healthy()
            # Catch up with announcements from before we listened.
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
            # An exception here would hide the reason why we leave. If the layer is gone, it has
            # forgotten the group anyway.
            logger.exception("push_group_not_left")

    def _heed(self, message: Mapping[str, object]) -> None:
        match message:
            case {"type": str(kind), "position": int(position)} if kind == STREAM_ADVANCED:
                if position > self.position:
                    self._advanced.set()
            case {"type": str(kind), "credential_ids": list(ended)} if kind == CREDENTIALS_ENDED:
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
        """Have the recheck ask at once whether these may still be open."""
        self._doubted.update(listener.admission for listener in listeners)
        if self._doubted:
            self._in_doubt.set()

    async def _recheck_admissions(self, healthy: Callable[[], None]) -> None:
        """Check whether sockets may still be open.

        Checks those in doubt at once, and all of them regularly.
        """
        loop = asyncio.get_running_loop()
        # Check all at the start. After a failure too, because it may have lost the list of those in
        # doubt.
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

    # --- Handing out events ----------------------------------------------------------------------

    def _dispatch(self, events: Sequence[Event]) -> None:
        """Hand new events to the listeners of their feeds.

        It never awaits, so no listener joins in between.
        """
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
            # A broken socket must not stop the others. Its reader reconnects for the rest.
            logger.exception("push_to_socket_failed")
            listener.close(CloseCode.UNAVAILABLE)

    async def _keep(self, work: Callable[[Callable[[], None]], Awaitable[None]]) -> None:
        """Repeat `work` for ever.

        Log a failure and restart, after growing pauses until it is healthy again.
        """
        retry_seconds = FIRST_RETRY_SECONDS

        def healthy() -> None:
            nonlocal retry_seconds
            retry_seconds = FIRST_RETRY_SECONDS

        while True:
            try:
                await work(healthy)
            except asyncio.CancelledError:
                # A client library may raise this itself. We end only if our task was cancelled.
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                logger.warning("push_interrupted", retry_seconds=retry_seconds)
            except Exception:
                logger.exception("push_interrupted", retry_seconds=retry_seconds)
            await asyncio.sleep(retry_seconds)
            retry_seconds = min(2 * retry_seconds, MAX_RETRY_SECONDS)


async def _in_thread(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Read from the database in a thread of the pool; the shared thread may be busy for long."""
    return await database_sync_to_async(read, thread_sensitive=False)(*args, **kwargs)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub_here() -> Hub:
    """Return the hub of the running loop: one per process, since a server has one loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
