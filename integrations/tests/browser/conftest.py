"""A service beside which the sandbox plays the providers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from orderchainer.testing.browsers import Session, Visit, chromium
from orderchainer.testing.processes import Installation, embedded
from orderchainer.testing.servers import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running service that plays the providers. The demo's shop is connected to all of them."""
    if not chromium():
        pytest.skip("NO BROWSER: install chromium, or let CHROMIUM name one")
    directory = tmp_path_factory.mktemp("played")
    with embedded(
        directory, DEBUG="on", SANDBOX="on", SANDBOX_PORT=str(free_port())
    ) as installation:
        installation.start("serve")
        installation.wait_until_it_listens("serve")
        yield installation


@pytest.fixture(scope="package")
def sessions(played: Installation) -> list[Session]:
    """The session that the tests of this directory share."""
    return []


@pytest.fixture
def visit(played: Installation, browser: "Browser", sessions: list[Session]) -> Iterator[Visit]:
    """Open pages; at the end, fail if one of them had a problem."""
    with browser.new_context(reduced_motion="reduce") as context:
        visiting = Visit(played, context, sessions)
        yield visiting
        assert visiting.unexpected_problems() == []
