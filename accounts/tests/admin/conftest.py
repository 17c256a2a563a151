"""The superuser of the back office, and their browser."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.factories import make_user


@pytest.fixture
def admin() -> User:
    """A superuser."""
    return make_user(email="admin@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def client(admin: User) -> Client:
    """A browser in which the superuser is signed in."""
    client = Client()
    client.force_login(admin)
    return client
