"""The emulator over real HTTP, without OrderChainer."""

from collections.abc import Iterator

import pytest

from integrations.sandbox.gemini import Gemini
from integrations.sandbox.gemini.tests.talking import Talk
from integrations.sandbox.server import Sandbox

# 2026-11-28, before the models of the 2.5 series end.
NOW = 1_795_824_000.0


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    """One sandbox for the whole run, on a free port."""
    with Sandbox(Gemini(clock=lambda: NOW)) as sandbox:
        yield sandbox


@pytest.fixture
def talk(server: Sandbox) -> Iterator[Talk]:
    server.reset()
    yield Talk(server)
    server.reset()
