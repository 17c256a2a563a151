"""A shop for the tests of the back office, and the browser of its admin."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import Project, User
from accounts.tests.admin.browsers import browser_of
from accounts.tests.factories import make_user
from catalog.tests.factories import make_storefront


@pytest.fixture(autouse=True)
def _empty_media(settings: LazySettings, tmp_path: Path) -> None:
    """Keep the pictures of each test to itself."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def admin() -> User:
    """A superuser."""
    return make_user(email="admin@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def client(admin: User) -> Client:
    """A browser in which the superuser is signed in."""
    return browser_of(admin)


@pytest.fixture
def shop() -> Project:
    """The storefront's project."""
    return make_storefront()
