"""A pretend shop for every test that asks for it, and a project that can connect it."""

import pytest

# All paths, before a test replaces the providers that have some of them.
import orderchainer.urls  # noqa: F401
from accounts.tests.projects import Team, make_team
from integrations import providers
from integrations.providers import Provider
from integrations.tests.pretend import provider
from integrations.tests.pretend.shop import Shop


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The only provider that there is. It has the name of the document's example."""
    shop = Shop()
    monkeypatch.setattr(provider, "PROVIDER", Provider(name="shopify", connector=shop.connector()))
    monkeypatch.setattr(providers, "PROVIDERS", ["integrations.tests.pretend"])
    return shop


@pytest.fixture
def team(db: None) -> Team:
    """A project with a member in each role."""
    return make_team()
