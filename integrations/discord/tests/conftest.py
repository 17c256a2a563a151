"""An emulated Discord for every test that asks for it, and a user who is connected to it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import make_user
from integrations.discord.models import DiscordWebhook
from integrations.discord.tests.channel import Channel
from integrations.discord.tests.factories import make_discord_webhook
from integrations.sandbox.discord import Discord
from integrations.sandbox.server import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for the whole run, on a free port."""
    with Sandbox(Discord()) as sandbox:
        yield sandbox


@pytest.fixture
def channel(
    sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Channel]:
    """A channel with a new webhook, at the Discord that the settings name."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings.DISCORD_WEBHOOK_HOSTS = [sandbox.host]
    settings.DISCORD_API_BASE = ""
    settings.DISCORD_WEBHOOK_TIMEOUT = 2
    sandbox.reset()
    yield Channel(sandbox)
    # Release every request that still hangs in a fault.
    sandbox.reset()


@pytest.fixture
def owner() -> User:
    return make_user(first_name="Ada", last_name="Lovelace")


@pytest.fixture
def webhook(owner: User, channel: Channel) -> DiscordWebhook:
    return make_discord_webhook(owner, channel)
