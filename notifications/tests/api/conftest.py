"""A project with a line, at the time of the document's examples."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.services import create_project
from accounts.tests.factories import make_user
from accounts.tests.projects import Team, make_team
from notifications.channels import Line
from notifications.tests.factories import make_line

AT = datetime(2025, 1, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The time of the document's example, which stands still."""
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def team(clock: time_machine.Traveller, db: None) -> Team:
    return make_team()


@pytest.fixture
def others(clock: time_machine.Traveller, db: None) -> Team:
    """Another project, whose owner has no access to the first."""
    owner = make_user()
    return Team(create_project(owner=owner, name="Another"), {"owner": owner})


@pytest.fixture
def viewer(team: Team) -> APIClient:
    return team.client("viewer")


@pytest.fixture
def agent(team: Team) -> APIClient:
    return team.client("agent")


@pytest.fixture
def line(team: Team) -> Line:
    return make_line(team.project)
