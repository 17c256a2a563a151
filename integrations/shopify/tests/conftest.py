"""An emulated Shopify for every test that asks for it, and a project that is connected to it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.tests.factories import make_user
from integrations.models import Integration
from integrations.sandbox.server import Sandbox
from integrations.sandbox.shopify import Shopify
from integrations.shopify.tests.shop import PretendShop, make_integration


@pytest.fixture(scope="session")
def shopify_sandbox() -> Iterator[Sandbox]:
    """One sandbox for the whole run, on a free port."""
    with Sandbox(Shopify()) as sandbox:
        yield sandbox


@pytest.fixture
def shop(
    shopify_sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PretendShop]:
    """An empty shop, at the Shopify that the settings name."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    shopify_sandbox.reset()
    shop = PretendShop(shopify_sandbox)
    settings.SHOPIFY_API_BASE = shop.base
    settings.SHOPIFY_TIMEOUT = 2
    yield shop
    # Release every request that still hangs in a fault.
    shopify_sandbox.reset()


@pytest.fixture
def owner(db: None) -> User:
    return make_user(first_name="Ada", last_name="Lovelace")


@pytest.fixture
def integration(owner: User, shop: PretendShop) -> Integration:
    return make_integration(shop, owner)
