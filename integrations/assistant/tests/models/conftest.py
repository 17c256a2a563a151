"""Both adapters, each with the sandbox's Gemini behind it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from integrations.assistant.tests.models.pretend import NAME, Adapter, PretendGemini
from integrations.providers import provider_named
from integrations.sandbox.gemini import Gemini
from integrations.sandbox.server import Sandbox

# 2026-11-28, before the models of the 2.5 series end.
NOW = 1_795_824_000.0


@pytest.fixture(scope="session")
def gemini_sandbox() -> Iterator[Sandbox]:
    """One sandbox for the whole run, on a free port."""
    with Sandbox(Gemini(clock=lambda: NOW)) as sandbox:
        yield sandbox


@pytest.fixture
def gemini(
    gemini_sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PretendGemini]:
    """A Gemini at the addresses that the settings of both adapters name."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    gemini_sandbox.reset()
    pretend = PretendGemini(gemini_sandbox)
    settings.GEMINI_API_KEY = settings.OPENAI_API_KEY = pretend.emulator.key
    settings.GEMINI_API_BASE = pretend.base
    settings.OPENAI_API_BASE = f"{pretend.base}/v1beta/openai"
    yield pretend
    # Release every request that still hangs in a fault.
    gemini_sandbox.reset()


@pytest.fixture(params=["gemini", "openai"])
def adapter(request: pytest.FixtureRequest, gemini: PretendGemini) -> Adapter:
    """Each adapter in turn."""
    provider = provider_named(request.param)
    assert provider is not None
    assert provider.models is not None
    return Adapter(provider.name, provider.models.model(NAME))
