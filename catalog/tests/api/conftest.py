"""A project with its team, and a client of the manager who runs its catalogue."""

import pytest
from rest_framework.test import APIClient

from accounts.models import Project
from accounts.tests.projects import Team, make_team


@pytest.fixture
def team() -> Team:
    """A project with a member in each role."""
    return make_team()


@pytest.fixture
def shop(team: Team) -> Project:
    """Their project."""
    return team.project


@pytest.fixture
def manager(team: Team) -> APIClient:
    """A client of a manager, who may change the catalogue."""
    return team.client("manager")
