"""A storefront, and a client of somebody who shops there."""

import pytest
from rest_framework.test import APIClient

from accounts.models import Project
from accounts.tests.factories import client_of, make_user
from catalog.tests.factories import make_storefront


@pytest.fixture
def client() -> APIClient:
    """A client of a customer, who is a member of no project."""
    return client_of(make_user())


@pytest.fixture
def shop() -> Project:
    """The project whose products are for sale."""
    return make_storefront()
