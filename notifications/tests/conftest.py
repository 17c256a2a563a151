"""What tests of conversations share."""

from collections.abc import Iterator

import pytest

from accounts.models import User
from accounts.tests.factories import make_user
from notifications.channels import Line
from notifications.tests.pretend import Pretend, pretending


@pytest.fixture
def agent() -> User:
    """Return somebody who owns a project."""
    return make_user()


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretend]:
    """Return a provider that takes all messages, unless a test says otherwise."""
    with pretending(monkeypatch) as provider:
        yield provider


@pytest.fixture
def ours(pretend: Pretend, agent: User) -> Line:
    """Return the only line of the agent's project."""
    return pretend.add_line(agent.personal_project)
