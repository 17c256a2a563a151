"""Fixtures for deliveries."""

import pytest
from pytest_django import Settings

from integrations import providers
from integrations.inbound.tests.pretend.provider import Handler, handler


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Handler:
    """Register the pretend provider, and return its handler."""
    monkeypatch.setattr(
        providers, "PROVIDERS", (*providers.PROVIDERS, "integrations.inbound.tests.pretend")
    )
    settings.ROOT_URLCONF = "integrations.inbound.tests.pretend.root_urls"
    monkeypatch.setattr(handler, "got", [])
    monkeypatch.setattr(handler, "does", lambda delivery: None)
    return handler
