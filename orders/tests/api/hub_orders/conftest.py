"""A store whose orders the hub serves."""

import pytest

from accounts.models import Project, User
from accounts.services import create_project


@pytest.fixture
def store(ada: User) -> Project:
    return create_project(owner=ada, name="My Store", currency="EUR")
