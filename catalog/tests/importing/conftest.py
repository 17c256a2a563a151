"""A shop whose products come from a sheet."""

import pytest

from accounts.models import Project
from catalog.tests.factories import make_storefront


@pytest.fixture
def shop() -> Project:
    """A storefront that sells nothing yet."""
    return make_storefront()
