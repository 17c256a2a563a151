"""A client that is not signed in."""

import pytest
from rest_framework.test import APIClient


@pytest.fixture
def anonymous() -> APIClient:
    """A client without any token."""
    return APIClient()
