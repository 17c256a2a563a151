"""What the tests of pages share."""

import pytest
from django.test import Client

from accounts.tests.browsers import browser_of
from accounts.tests.projects import Team, make_team


@pytest.fixture
def team() -> Team:
    return make_team(name="Tea & Cake")


@pytest.fixture
def agent(team: Team) -> Client:
    """A browser in which an agent of the team has signed in."""
    return browser_of(team.members["agent"])
