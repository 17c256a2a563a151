"""Calls of the API in the back office."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.services import create_project
from accounts.tests.admin.browsers import browser_of, shown
from accounts.tests.factories import make_api_token, make_user
from reports.models import ApiCalls

pytestmark = pytest.mark.django_db

LIST = "admin:reports_apicalls_changelist"
PAGE = "admin:reports_apicalls_change"


@pytest.fixture
def client() -> Client:
    return browser_of(make_user(is_staff=True, is_superuser=True))


def count_calls(user: User) -> ApiCalls:
    """Store a count of calls of a user, in a project and with a token of their own."""
    project = create_project(owner=user, name=f"Store of {user.first_name}")
    token, _ = make_api_token(user, "orders:read", name=f"Sync of {user.first_name}")
    return ApiCalls.objects.create(
        day=date(2026, 11, 20),
        project_id=project.pk,
        user_id=user.pk,
        token=token.pk.hex,
        surface="hub",
        calls=7,
    )


def test_counts_name_their_project_user_and_token(client: Client) -> None:
    row = count_calls(make_user(email="ada@example.com", first_name="Ada"))

    for page in (
        shown(client, reverse(LIST)),
        shown(client, reverse(PAGE, args=[row.pk])),
    ):
        for address, name in (
            (reverse("admin:accounts_project_change", args=[row.project_id]), "Store of Ada"),
            (reverse("admin:accounts_user_change", args=[row.user_id]), "ada@example.com"),
            (reverse("admin:accounts_apitoken_change", args=[row.token]), "Sync of Ada"),
        ):
            assert f'<a href="{address}"' in page
            assert f">{name}</a>" in page
    assert (
        client.get(reverse("admin:accounts_apitoken_change", args=[row.token])).status_code == 200
    )


def test_counts_outlive_what_they_name(client: Client) -> None:
    ApiCalls.objects.create(day=date(2026, 11, 20), user_id=98765, surface="hub", calls=7)

    page = shown(client, reverse(LIST))

    assert ">#98765</a>" in page
    assert page.count(">-</td>") == 2


def test_the_list_of_counts_needs_no_more_statements_for_more_rows(client: Client) -> None:
    taken = []
    for more in (1, 5):
        for _ in range(more):
            count_calls(make_user())
        with CaptureQueriesContext(connection) as statements:
            shown(client, reverse(LIST))
        taken.append(len(statements))

    assert taken[0] == taken[1]
