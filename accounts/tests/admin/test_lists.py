"""The lists: what a search finds, and that the number of queries does not grow with the rows."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.services import create_api_token, open_session
from accounts.tests.admin.pages import page
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db


def add_user() -> None:
    """Add a user with a session, an entry in the activity log, and an e-mail that is due."""
    open_session(user=make_user())


def add_token() -> None:
    """Add an API token of a new user."""
    create_api_token(user=make_user(), name="Script", scopes=["orders:read"])


@pytest.mark.parametrize(
    ("model", "add"),
    [
        ("user", add_user),
        ("session", add_user),
        ("project", make_user),
        ("apitoken", add_token),
        ("activity", add_user),
        ("outgoingemail", add_user),
    ],
)
def test_the_number_of_queries_does_not_grow_with_the_rows(
    client: Client, model: str, add: Callable[[], object]
) -> None:
    counts = []
    for number in (2, 10):
        for _ in range(number):
            add()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page(f"{model}_changelist")).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", ["user", "session", "project"])
def test_lists_are_searched_and_filtered(client: Client, model: str) -> None:
    open_session(user=make_user(email="ada@example.com"))
    open_session(user=make_user(email="bob@example.com"))

    found = client.get(page(f"{model}_changelist"), {"q": "ada@"}).content.decode()

    assert "ada@example.com" in found
    assert "bob@example.com" not in found
    for parameters in (
        {"state": "open"} if model == "session" else {"is_active__exact": "1"},
        {"created_at__gte": "2024-01-01 00:00:00+00:00"},
    ):
        assert client.get(page(f"{model}_changelist"), parameters).status_code == 200
