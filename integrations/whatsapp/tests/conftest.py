"""An emulated WhatsApp for every test that asks for it, and a project that is connected to it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import make_user
from integrations.models import Integration
from integrations.sandbox.server import Sandbox
from integrations.sandbox.whatsapp import WhatsApp
from integrations.whatsapp.tests.pretend import PretendWhatsApp, make_integration


@pytest.fixture(scope="session")
def whatsapp_sandbox() -> Iterator[Sandbox]:
    """One sandbox for the whole run, on a free port."""
    with Sandbox(WhatsApp()) as sandbox:
        yield sandbox


@pytest.fixture
def whatsapp(
    whatsapp_sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PretendWhatsApp]:
    """A WhatsApp that knows one number, at the address that the settings name."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    whatsapp_sandbox.reset()
    pretend = PretendWhatsApp(whatsapp_sandbox)
    settings.WHATSAPP_API_BASE = pretend.base
    settings.WHATSAPP_TIMEOUT = 2
    # What it posts reaches our view through Django's test client, in this thread and transaction.
    monkeypatch.setattr("integrations.sandbox.whatsapp.webhooks._call", pretend.call_us)
    yield pretend
    # Release every request that still hangs in a fault.
    whatsapp_sandbox.reset()


@pytest.fixture
def owner(db: None) -> User:
    return make_user(first_name="Ada", last_name="Lovelace")


@pytest.fixture
def integration(owner: User, whatsapp: PretendWhatsApp) -> Integration:
    return make_integration(whatsapp, owner)
