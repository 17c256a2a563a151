"""Who shops where: a customer, and a storefront that sells a lamp."""

import pytest
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.tests.factories import client_of, make_user
from catalog.models import Product
from catalog.tests.factories import make_product, make_storefront


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com")


@pytest.fixture
def client(ada: User) -> APIClient:
    return client_of(ada)


@pytest.fixture
def shop() -> Project:
    return make_storefront()


@pytest.fixture
def lamp(shop: Project) -> Product:
    """Ten desk lamps at 19.99."""
    return make_product(shop)
