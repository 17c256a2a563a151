"""The in-memory layer wakes a consumer whose loop sleeps in another thread."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull

from notifications.sockets.layers import ThreadSafeInMemoryChannelLayer


@pytest.fixture
def home() -> Iterator[asyncio.AbstractEventLoop]:
    """An idle loop that runs in another thread, as the server's does."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_send_from_a_worker_thread_wakes_the_waiting_consumer(
    home: asyncio.AbstractEventLoop,
) -> None:
    layer = ThreadSafeInMemoryChannelLayer()
    layer.bind(home)
    waiting = asyncio.run_coroutine_threadsafe(layer.receive("reader"), home)
    async_to_sync(layer.group_add)("readers", "reader")

    started_at = time.monotonic()
    async_to_sync(layer.group_send)("readers", {"type": "wake.up"})

    assert waiting.result(timeout=5) == {"type": "wake.up"}
    assert time.monotonic() - started_at < 0.5


def test_a_channel_that_left_its_group_hears_nothing(
    home: asyncio.AbstractEventLoop,
) -> None:
    layer = ThreadSafeInMemoryChannelLayer()
    layer.bind(home)
    async_to_sync(layer.group_add)("readers", "reader")
    async_to_sync(layer.group_discard)("readers", "reader")

    async_to_sync(layer.group_send)("readers", {"type": "wake.up"})

    assert layer.channels == {}


def test_an_overfull_channel_is_refused_across_threads(
    home: asyncio.AbstractEventLoop,
) -> None:
    layer = ThreadSafeInMemoryChannelLayer(capacity=1)
    layer.bind(home)
    async_to_sync(layer.send)("reader", {"type": "first"})

    with pytest.raises(ChannelFull):
        async_to_sync(layer.send)("reader", {"type": "second"})


async def test_without_a_server_it_works_on_the_loop_that_calls() -> None:
    layer = ThreadSafeInMemoryChannelLayer()

    await layer.send("reader", {"type": "wake.up"})

    assert await layer.receive("reader") == {"type": "wake.up"}
