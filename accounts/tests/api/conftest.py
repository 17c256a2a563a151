"""A client that is not signed in, and the limits while time stands still."""

from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.tests.api.doors import NOW


@pytest.fixture
def anonymous() -> APIClient:
    """A client without any token."""
    return APIClient()


@pytest.fixture
def limits(settings: Settings) -> Iterator[None]:
    """The default limits behind one proxy. Time stands still, so no period ends within a test."""
    settings.RATE_LIMIT_AUTH = "5/m"
    settings.RATE_LIMIT_CODES = "10/h"
    settings.RATE_LIMIT_STANDARD = "100/m"
    settings.TRUSTED_PROXIES = 1
    with time_machine.travel(NOW, tick=False):
        yield
