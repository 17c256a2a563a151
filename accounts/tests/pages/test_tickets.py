"""The ticket with which a page opens its WebSocket, and nothing else."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.errors import TokenRefused
from accounts.models import Session, User
from accounts.pages.cookies import COOKIE
from accounts.queries import session_of_ticket, socket_credential_of
from accounts.services import change_password, end_sessions, log_out, open_session, refresh_session
from accounts.tests.browsers import browser_of, session_in
from accounts.tests.factories import make_api_token, make_user

pytestmark = pytest.mark.django_db

TICKET = "/app/live-ticket"


@pytest.fixture
def ada() -> User:
    return make_user()


def test_a_page_gets_a_ticket_for_its_session(ada: User) -> None:
    client = browser_of(ada)

    with CaptureQueriesContext(connection) as statements:
        response = client.post(TICKET)

    assert response.status_code == 200
    assert response.json() == {
        "ticket": response.json()["ticket"],
        "person": str(ada.uuid),
        "expires_in": 60,
    }
    assert response["Cache-Control"] == "no-store"
    session = session_of_ticket(response.json()["ticket"])
    assert (session, session.user) == (session_in(client), ada)
    assert len(statements) == 1


def test_it_works_for_a_minute(ada: User) -> None:
    with time_machine.travel("2026-01-12T10:00:00Z", tick=False) as clock:
        ticket = browser_of(ada).post(TICKET).json()["ticket"]
        clock.shift(timedelta(seconds=59))
        assert socket_credential_of(ticket)
        clock.shift(timedelta(seconds=1))
        with pytest.raises(TokenRefused):
            socket_credential_of(ticket)


@pytest.mark.parametrize("end", ["everywhere", "password", "sign out"])
def test_it_ends_with_its_session(end: str, ada: User) -> None:
    client = browser_of(ada)
    ticket = client.post(TICKET).json()["ticket"]

    if end == "everywhere":
        end_sessions(user=ada, reason=Session.EndReason.REVOKED)
    elif end == "password":
        change_password(user=ada, password="another horse")
    else:
        client.post("/sign-out")

    with pytest.raises(TokenRefused):
        socket_credential_of(ticket)
    assert client.post(TICKET).status_code == 401


def test_no_other_token_is_a_ticket(ada: User) -> None:
    pair = open_session(user=ada)

    for text in (pair.access, pair.refresh, make_api_token(ada)[1], "", "a.b.c"):
        with pytest.raises(TokenRefused):
            session_of_ticket(text)


def test_a_ticket_neither_refreshes_nor_ends_a_session(ada: User) -> None:
    client = browser_of(ada)
    ticket = client.post(TICKET).json()["ticket"]

    with pytest.raises(TokenRefused):
        refresh_session(refresh_token=ticket)
    with pytest.raises(TokenRefused):
        log_out(access_token=ticket, refresh_token=ticket)
    api = APIClient(HTTP_AUTHORIZATION=f"Bearer {ticket}")
    assert api.get("/api/v1/auth/me").status_code == 401
    assert client.get(TICKET).status_code == 405
    assert session_in(client).is_open


def test_sockets_still_take_tokens(ada: User) -> None:
    pair = open_session(user=ada)
    token, text = make_api_token(ada)

    assert socket_credential_of(pair.access) == Session.objects.get()
    assert socket_credential_of(text) == token


def test_strangers_get_none(ada: User, client: Client) -> None:
    response = client.post(TICKET)
    assert (response.status_code, response.json()) == (
        401,
        {"detail": "You were signed out. Sign in and try again."},
    )
    assert "WWW-Authenticate" not in response

    careful = Client(enforce_csrf_checks=True)
    careful.cookies[COOKIE] = browser_of(ada).cookies[COOKIE].value
    assert careful.post(TICKET).status_code == 403


def test_pages_that_loop_are_stopped(ada: User, settings: Settings) -> None:
    settings.RATE_LIMIT_PAGES = "1/m"
    client = browser_of(ada)

    client.post(TICKET)
    response = client.post(TICKET)

    assert response.status_code == 429
    assert response.json()["detail"].startswith("Too many requests.")
    assert int(response["Retry-After"]) >= 1
