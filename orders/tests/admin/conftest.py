"""The users in the tests of the back office, and a browser for them."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.admin.browsers import browser_of
from accounts.tests.factories import make_user


@pytest.fixture
def ada() -> User:
    """A customer."""
    return make_user(email="ada@example.com")


@pytest.fixture
def admin() -> User:
    """A superuser."""
    return make_user(email="admin@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def client(admin: User) -> Client:
    """A browser in which the superuser is signed in."""
    return browser_of(admin)
