"""A scripted model and the sandbox's Gemini, and a project that asks them."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

# All paths, before a test adds a provider.
import orderchainer.urls  # noqa: F401
from accounts.tests.projects import Team, make_team
from integrations import providers
from integrations.assistant import tools
from integrations.assistant.tests.models.pretend import PretendGemini
from integrations.assistant.tests.scripted import provider
from integrations.assistant.tests.scripted.service import Scripted, says
from integrations.assistant.tests.tools import ECHO, FOR_MANAGERS, PROPOSE
from integrations.providers import Provider
from integrations.sandbox.gemini import Gemini
from integrations.sandbox.server import Sandbox


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Scripted:
    """The model that answers, with "Fine." unless a test says otherwise."""
    scripted = Scripted([says("Fine.")])
    chosen = Provider(name="scripted", models=scripted.service())
    monkeypatch.setattr(provider, "PROVIDER", chosen)
    monkeypatch.setattr(
        providers, "PROVIDERS", [*providers.PROVIDERS, "integrations.assistant.tests.scripted"]
    )
    settings.ASSISTANT_PROVIDER = "scripted"
    return scripted


@pytest.fixture
def simple_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tools that need nothing but a project."""
    monkeypatch.setattr(tools, "TOOLS", (ECHO, FOR_MANAGERS, PROPOSE))


@pytest.fixture
def team(db: None) -> Team:
    """A project with a member in each role."""
    return make_team()


@pytest.fixture(scope="session")
def gemini_sandbox() -> Iterator[Sandbox]:
    """One sandbox for the whole run, on a free port."""
    with Sandbox(Gemini()) as sandbox:
        yield sandbox


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
