"""The user of these tests, and the client that they call with."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of, make_user


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def client(user: User) -> APIClient:
    return client_of(user)
