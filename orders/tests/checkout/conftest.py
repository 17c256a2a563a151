"""A customer, and a shop that sells lamps and bulbs."""

from decimal import Decimal

import pytest

from accounts.models import Project, User
from accounts.tests.factories import make_user
from catalog.models import Product
from catalog.tests.factories import make_product, make_storefront


@pytest.fixture
def shop() -> Project:
    return make_storefront()


@pytest.fixture
def lamp(shop: Project) -> Product:
    return make_product(shop, name="Lamp", sku="LAMP", price=Decimal("19.99"))


@pytest.fixture
def bulb(shop: Project) -> Product:
    return make_product(shop, name="Bulb", sku="BULB", price=Decimal("0.10"))


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com", first_name="Ada", last_name="Lovelace")
