"""`/api/v1/auth/sessions`: list where the user is signed in, and end sessions from elsewhere."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Activity, Session, User
from accounts.services import log_out, open_session
from accounts.tests.factories import (
    PASSWORD,
    client_of,
    client_with,
    make_api_token,
    make_user,
)

pytestmark = pytest.mark.django_db

SESSIONS = "/api/v1/auth/sessions"
ME = "/api/v1/auth/me"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Stop the time; `clock.shift` moves it on."""
    with time_machine.travel("2025-01-12T10:00:00Z", tick=False) as clock:
        yield clock


def sign_in(user: User, **options: Any) -> APIClient:
    """Sign in over HTTP; return a client with the session's access token."""
    response = APIClient().post(
        "/api/v1/auth/login",
        {"email": user.email, "password": PASSWORD},
        format="json",
        **options,
    )
    return client_with(response.json()["access_token"])


def ids(client: APIClient) -> list[str]:
    """Return the ids of the sessions that are listed."""
    return [session["id"] for session in client.get(SESSIONS).json()]


def test_lists_sessions_newest_first(
    clock: time_machine.Traveller,
) -> None:
    user = make_user()
    sign_in(user, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="curl/8.5.0")
    clock.shift(timedelta(minutes=1))
    client = sign_in(user, REMOTE_ADDR="2001:db8::1", HTTP_USER_AGENT="Firefox")
    sign_in(make_user())
    older, newer = Session.objects.filter(user=user).order_by("created_at")

    response = client.get(SESSIONS)

    assert (response.status_code, response.json()) == (
        200,
        [
            {
                "id": str(newer.pk),
                "created_at": "2025-01-12T10:01:00Z",
                "expires_at": "2025-01-19T10:01:00Z",
                "ip_address": "2001:db8::1",
                "user_agent": "Firefox",
                "door": "api",
                "current": True,
            },
            {
                "id": str(older.pk),
                "created_at": "2025-01-12T10:00:00Z",
                "expires_at": "2025-01-19T10:00:00Z",
                "ip_address": "192.0.2.7",
                "user_agent": "curl/8.5.0",
                "door": "api",
                "current": False,
            },
        ],
    )
    assert response["X-Total-Count"] == "2"


def test_does_not_list_ended_sessions(
    clock: time_machine.Traveller,
) -> None:
    user = make_user()
    open_session(user=user)
    clock.shift(timedelta(days=7))
    log_out(access_token=open_session(user=user).access)
    client = sign_in(user)
    Session.objects.create(
        user=user,
        password_fingerprint="of another password",
        expires_at=Session.objects.latest("created_at").expires_at,
    )

    [only] = client.get(SESSIONS).json()

    assert only["current"] is True


def test_pages_in_a_constant_number_of_statements() -> None:
    counts = []
    for number in (1, 5):
        user = make_user()
        client = sign_in(user)
        for _ in range(number):
            open_session(user=user)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"{SESSIONS}?page_size=1")
        counts.append(len(queries))
        assert len(response.json()) == 1
        assert response["X-Total-Count"] == str(number + 1)
        assert response["Link"] == (f'<http://testserver{SESSIONS}?page_size=1&page=2>; rel="next"')

    assert counts == [3, 3]  # the caller, the page, the total


@pytest.mark.parametrize("query", ["page=0", "page_size=201", "page_size=abc"])
def test_refuses_a_malformed_page(query: str) -> None:
    response = client_of(make_user()).get(f"{SESSIONS}?{query}")

    assert response.status_code == 422
    assert list(response.json()["errors"]) == [query.partition("=")[0]]


def test_ends_one_session_and_leaves_the_others() -> None:
    user = make_user()
    other, client = sign_in(user), sign_in(user)
    [lost] = set(ids(client)) - {row["id"] for row in client.get(SESSIONS).json() if row["current"]}

    response = client.delete(f"{SESSIONS}/{lost.upper()}/")

    assert (response.status_code, response.content) == (204, b"")
    assert Session.objects.get(pk=lost).end_reason == "revoked"
    assert other.get(ME).status_code == 401
    assert client.get(ME).status_code == 200
    [ended] = Activity.objects.filter(type="session_ended")
    assert (ended.user_id, ended.actor_id) == (user.pk, user.pk)
    assert ended.data == {"session_id": lost, "reason": "revoked"}


def test_may_end_the_session_of_the_request() -> None:
    client = sign_in(make_user())
    [own] = ids(client)

    assert client.delete(f"{SESSIONS}/{own}").status_code == 204
    assert client.get(ME).status_code == 401


@pytest.mark.parametrize("whose", ["another's", "ended", "nobody's", "no id"])
def test_does_not_find_ended_sessions_or_those_of_others(whose: str) -> None:
    user = make_user()
    client = sign_in(user)
    strangers = sign_in(make_user())
    ended = open_session(user=user).access
    log_out(access_token=ended)
    session_id = {
        "another's": ids(strangers)[0],
        "ended": str(Session.objects.exclude(ended_at=None).get().pk),
        "nobody's": str(uuid4()),
        "no id": "1%00",
    }[whose]

    response = client.delete(f"{SESSIONS}/{session_id}")

    assert (response.status_code, response.json()) == (
        404,
        {
            "detail": "Session not found",
            "code": "SESSION_NOT_FOUND",
            "timestamp": "2025-01-12T10:00:00Z",
        },
    )
    assert strangers.get(ME).status_code == 200


def test_ends_all_sessions_including_the_current_one() -> None:
    user = make_user()
    clients = [sign_in(user) for _ in range(3)]
    program = client_with(make_api_token(user, "account:read")[1])
    stranger = sign_in(make_user())

    response = clients[0].delete(f"{SESSIONS}/")

    assert (response.status_code, response.content) == (204, b"")
    assert [client.get(ME).status_code for client in clients] == [401] * 3
    assert stranger.get(ME).status_code == program.get(ME).status_code == 200
    reasons = Session.objects.filter(user=user).values_list("end_reason", flat=True)
    assert set(reasons) == {"revoked"}
