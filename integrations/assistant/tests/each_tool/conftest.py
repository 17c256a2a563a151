"""A project with everything that tools can find, and one with the same that they must not find."""

import pytest

from accounts.models import Project, User
from accounts.services import create_project
from accounts.tests.factories import make_user
from integrations.assistant.contracts import Asker


@pytest.fixture
def ada(db: None) -> User:
    """Return somebody who owns a shop."""
    return make_user(first_name="Ada", last_name="Lovelace")


@pytest.fixture
def shop(ada: User) -> Project:
    """Return her shop."""
    return create_project(owner=ada, name="Mugs", currency="EUR")


@pytest.fixture
def asker(ada: User, shop: Project) -> Asker:
    """Ask as the owner of the shop."""
    return Asker(ada, shop)


@pytest.fixture
def stranger(db: None) -> Asker:
    """Ask as the owner of another shop."""
    user = make_user()
    return Asker(user, create_project(owner=user, name="Plates", currency="EUR"))
