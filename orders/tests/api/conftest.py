"""The user in the tests of the surfaces, and a client for them."""

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of, make_user


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


@pytest.fixture
def client(ada: User) -> APIClient:
    return client_of(ada)
