"""A user, a client, and a worker that builds reports as soon as they are asked for."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_of, make_user
from orderchainer.celery import app


@pytest.fixture
def ada(transactional_db: None) -> User:
    return make_user(email="ada@example.com")


@pytest.fixture
def client(ada: User) -> APIClient:
    return client_of(ada)


@pytest.fixture(autouse=True)
def _no_patience(settings: Any) -> None:
    """Let no test wait for a worker that it does not have."""
    settings.REPORT_WAIT_SECONDS = 0.05


@pytest.fixture
def worker() -> Iterator[None]:
    """Let tasks run as soon as they are sent, after the commit."""
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager = app.conf.task_eager_propagates = False
