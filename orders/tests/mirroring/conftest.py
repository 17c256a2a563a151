"""A shop whose orders come from outside."""

import pytest

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import make_user


@pytest.fixture
def ada() -> User:
    """The owner of the shop."""
    return make_user(email="ada@example.com")


@pytest.fixture
def shop(ada: User) -> Project:
    """The project whose orders come from outside."""
    return create_project(owner=ada, name="Mugs", currency="EUR")
