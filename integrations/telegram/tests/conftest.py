"""An emulated Telegram for every test that asks for it, and a project that is connected to it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import make_user
from integrations.models import Integration
from integrations.sandbox.server import Sandbox
from integrations.sandbox.telegram import Telegram
from integrations.telegram.tests.pretend import PretendTelegram, make_integration


@pytest.fixture(scope="session")
def telegram_sandbox() -> Iterator[Sandbox]:
    """One sandbox for the whole run, on a free port."""
    with Sandbox(Telegram()) as sandbox:
        yield sandbox


@pytest.fixture
def telegram(
    telegram_sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PretendTelegram]:
    """A Telegram that knows one bot, at the address that the settings name."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    telegram_sandbox.reset()
    pretend = PretendTelegram(telegram_sandbox)
    settings.TELEGRAM_API_BASE = pretend.base
    settings.TELEGRAM_TIMEOUT = 2
    settings.PUBLIC_URL = "http://testserver"
    # What it posts reaches our view through Django's test client, in this thread and transaction.
    monkeypatch.setattr("integrations.sandbox.telegram.courier._call", pretend.call_us)
    yield pretend
    # Release every request that still hangs in a fault.
    telegram_sandbox.reset()


@pytest.fixture
def owner(db: None) -> User:
    return make_user(first_name="Ada", last_name="Lovelace")


@pytest.fixture
def integration(owner: User, telegram: PretendTelegram) -> Integration:
    return make_integration(telegram, owner)
