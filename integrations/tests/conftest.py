"""Discord on loopback for every test that asks for it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from integrations.sandbox.discord import Discord
from integrations.sandbox.server import Sandbox
from integrations.tests.channel import Channel


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for the whole run, on a free port."""
    sandbox = Sandbox(Discord())
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def channel(
    sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Channel]:
    """A channel with a fresh webhook, at a Discord that OrderChainer is pointed at."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings.DISCORD_WEBHOOK_HOSTS = [sandbox.host]
    settings.DISCORD_API_BASE = ""
    settings.DISCORD_WEBHOOK_TIMEOUT = 2
    sandbox.reset()
    yield Channel(sandbox)
    # Whoever still hangs in a fault is let go.
    sandbox.reset()
