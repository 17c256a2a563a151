"""What the tests of the inbox share."""

import pytest
from django.test import Client

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team, make_team
from notifications.channels import Line
from notifications.tests.pretend import Pretend


@pytest.fixture
def team(db: None) -> Team:
    return make_team(name="Tea & Cake")


@pytest.fixture
def agent(team: Team) -> Client:
    """A browser in which an agent of the team has signed in."""
    return browser_of(team.members["agent"])


@pytest.fixture
def viewer(team: Team) -> Client:
    """A browser in which somebody has signed in who may only look."""
    return browser_of(team.members["viewer"])


@pytest.fixture
def line(team: Team, pretend: Pretend) -> Line:
    """The only line of the team."""
    return pretend.add_line(team.project)
