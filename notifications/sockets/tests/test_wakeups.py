"""Wake-ups: announcing that something happened, also while the channel layer is away."""

import asyncio
import threading
import time
from typing import Any
from uuid import UUID

import pytest
import redis
from channels.layers import InMemoryChannelLayer, channel_layers
from django.conf import settings

from accounts.models import User
from notifications.sockets import hub
from notifications.sockets.tests.factories import in_thread, make_stream, socket_of
from notifications.sockets.wakeups import Announcer
from orderchainer.testing.servers import needs_services

CREDENTIAL = UUID("0d3f6a0e-7c7e-4a7e-8a43-5f0f6c1f9b52")


class StuckLayer(InMemoryChannelLayer):
    """A channel layer whose sends wait until the test lets them go on."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.called = threading.Event()
        self.go_on = threading.Event()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Remember the message, then wait."""
        self.sent.append(message)
        self.called.set()
        while not self.go_on.is_set():
            await asyncio.sleep(0.01)


@pytest.fixture
def stuck() -> StuckLayer:
    """Replace the channel layer by a stuck one."""
    layer = StuckLayer()
    channel_layers.set("default", layer)
    return layer


@pytest.mark.usefixtures("live")
async def test_announcing_never_waits_and_merges_positions(
    stuck: StuckLayer,
) -> None:
    announcer = Announcer()

    announcer.stream_advanced(1)
    assert stuck.called.wait(5)
    started = time.monotonic()
    for position in range(2, 1000):
        announcer.stream_advanced(position)
    announcer.credentials_ended([CREDENTIAL])
    for _ in range(3):
        announcer.access_changed(None, 7)
    assert time.monotonic() - started < 0.5

    stuck.go_on.set()
    deadline = time.monotonic() + 5
    while len(stuck.sent) < 4 and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert stuck.sent == [
        {"type": "stream.advanced", "position": 1},
        {"type": "credentials.ended", "credential_ids": [str(CREDENTIAL)]},
        {"type": "access.changed", "access": [[None, 7]]},
        {"type": "stream.advanced", "position": 999},
    ]


@needs_services
@pytest.mark.services
async def test_hears_again_after_redis_dropped_the_connection(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With such a long poll, only a wake-up can wake the hub in time.
    monkeypatch.setattr(hub, "POLL_SECONDS", 60.0)

    def drop_connections() -> int:
        client = redis.Redis.from_url(settings.REDIS_URL)
        number = client.connection_pool.connection_kwargs.get("db", 0)
        with client:
            connections = [each for each in client.client_list() if each["db"] == str(number)]
            listening = [each for each in connections if int(each["sub"]) > 0]
            for each in listening:
                client.client_kill_filter(_id=each["id"])
            return len(listening)

    async with socket_of(ada) as socket:
        await in_thread(make_stream, ada, 1)
        assert (await socket.hear())["position"] == 1
        assert await in_thread(drop_connections) >= 1
        await asyncio.sleep(2)
        await in_thread(make_stream, ada, 1)

        assert (await socket.hear(timeout=10))["position"] == 2
