"""The sandbox's Gemini behind the hub, by either of its faces."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from integrations.assistant.tests.models.pretend import PretendGemini
from integrations.sandbox.gemini import Gemini
from integrations.sandbox.server import Sandbox


@pytest.fixture(scope="session")
def gemini_sandbox() -> Iterator[Sandbox]:
    """One sandbox for the whole run, on a free port."""
    sandbox = Sandbox(Gemini())
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def pretend(gemini_sandbox: Sandbox) -> Iterator[PretendGemini]:
    """The emulator, with nothing asked yet."""
    gemini_sandbox.reset()
    yield PretendGemini(gemini_sandbox)
    # Release every request that still hangs.
    gemini_sandbox.reset()


@pytest.fixture
def gemini(pretend: PretendGemini, settings: Settings) -> PretendGemini:
    """Gemini by its own protocol."""
    settings.ASSISTANT_PROVIDER = "gemini"
    settings.GEMINI_API_KEY, settings.GEMINI_API_BASE = pretend.emulator.key, pretend.base
    return pretend


@pytest.fixture(params=["gemini", "openai"])
def either(
    request: pytest.FixtureRequest, pretend: PretendGemini, settings: Settings
) -> PretendGemini:
    """Gemini by its own protocol, and by the one of OpenAI."""
    settings.ASSISTANT_PROVIDER = request.param
    settings.GEMINI_API_KEY, settings.GEMINI_API_BASE = pretend.emulator.key, pretend.base
    settings.OPENAI_API_KEY = pretend.emulator.key
    settings.OPENAI_API_BASE = f"{pretend.base}/v1beta/openai"
    return pretend
