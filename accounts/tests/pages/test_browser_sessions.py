"""The session of a browser: how long it lasts, what ends it, and what its cookie opens."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.pages.cookies import COOKIE, remember
from accounts.services import (
    change_password,
    deactivate_user,
    end_sessions,
    log_out,
    open_browser_session,
    open_session,
    stay_signed_in,
)
from accounts.tests.browsers import browser_of, browser_with, is_signed_in
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.com"
FORM = {"email": ADDRESS, "password": PASSWORD}
SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
HOME = "/app/"


@pytest.fixture
def ada() -> User:
    return make_user(email=ADDRESS)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-01-12T10:00:00Z", tick=False) as clock:
        yield clock


def test_whoever_comes_back_within_a_week_stays_signed_in(
    ada: User, clock: time_machine.Traveller
) -> None:
    client = browser_of(ada)
    for _ in range(5):
        clock.shift(timedelta(days=6))
        response = client.get(HOME)
        assert response.cookies[COOKIE]["max-age"] == 7 * 86_400
    clock.shift(timedelta(days=7))

    assert not is_signed_in(client)


def test_visits_write_once_a_day_at_most(ada: User, clock: time_machine.Traveller) -> None:
    client = browser_of(ada)
    client.get(HOME)
    clock.shift(timedelta(hours=23))

    with CaptureQueriesContext(connection) as statements:
        client.get(HOME)

    assert [each["sql"] for each in statements if each["sql"].startswith("UPDATE")] == []
    assert COOKIE not in client.get(HOME).cookies


def test_an_ended_session_is_not_extended(ada: User, clock: time_machine.Traveller) -> None:
    """Its cookie may be in a request that started before the end."""
    session = open_browser_session(user=ada)
    clock.shift(timedelta(days=2))
    Session.objects.update(ended_at=timezone.now())

    assert stay_signed_in(session=session) is False
    session.refresh_from_db()
    assert session.expires_at == timezone.now() + timedelta(days=5)


def test_a_session_is_not_extended_where_the_address_must_be_confirmed_first(
    ada: User, clock: time_machine.Traveller, settings: Settings
) -> None:
    client = browser_of(ada)
    clock.shift(timedelta(days=6))
    settings.REQUIRE_VERIFIED_EMAIL = True
    assert is_signed_in(client)
    clock.shift(timedelta(days=1))

    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "end",
    [
        lambda user, session: end_sessions(user=user, reason=Session.EndReason.REVOKED),
        lambda user, session: change_password(user=user, password="another horse"),
        lambda user, session: deactivate_user(user=user),
        lambda user, session: User.objects.filter(pk=user.pk).update(is_active=False),
        lambda user, session: User.objects.filter(pk=user.pk).update(password="!"),
        lambda user, session: Session.objects.update(expires_at=timezone.now()),
        lambda user, session: Session.objects.all().delete(),
    ],
    ids=["everywhere", "password", "deactivated", "inactive", "shell", "expired", "gone"],
)
def test_the_cookie_ends_with_its_session(end: Any, ada: User) -> None:
    client = browser_of(ada)
    assert is_signed_in(client)

    end(ada, Session.objects.get())

    assert not is_signed_in(client)


def test_signing_out_everywhere_by_the_api_signs_the_browser_out(ada: User) -> None:
    client = browser_of(ada)
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {open_session(user=ada).access}")

    shown = api.get("/api/v1/auth/sessions").json()
    assert [each["door"] for each in shown] == ["api", "browser"]
    api.delete("/api/v1/auth/sessions")

    assert not is_signed_in(client)


def test_a_cookie_cannot_be_made_up(ada: User) -> None:
    session = open_browser_session(user=ada)
    good = browser_with(session).cookies[COOKIE].value
    for value in (
        str(session.pk),
        f"{session.pk}:1w2xyz:{'A' * 43}",
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good.replace(good[0], "0" if good[0] != "0" else "1", 1),
        "",
        "x" * 4000,
    ):
        client = Client()
        client.cookies[COOKIE] = value
        assert not is_signed_in(client), value


def test_the_cookie_of_a_session_with_tokens_is_refused(ada: User) -> None:
    """No such cookie is ever given out; it would have a signature of ours, though."""
    pair = open_session(user=ada)
    session = Session.objects.get()

    assert not is_signed_in(browser_with(session))
    log_out(access_token=pair.access)


def test_the_pages_read_no_other_credentials(ada: User) -> None:
    ada.is_staff = ada.is_superuser = True
    ada.save()
    staff = Client()
    staff.force_login(ada)
    assert staff.get("/admin/").status_code == 200
    assert not is_signed_in(staff)

    bearer = Client(headers={"Authorization": f"Bearer {open_session(user=ada).access}"})
    assert not is_signed_in(bearer)


def test_the_admin_does_not_read_the_cookie(ada: User) -> None:
    ada.is_staff = ada.is_superuser = True
    ada.save()

    assert browser_of(ada).get("/admin/").status_code == 302


def test_the_admins_sign_in_and_the_pages_end_apart(ada: User) -> None:
    ada.is_staff = ada.is_superuser = True
    ada.save()
    client = browser_of(ada)
    client.force_login(ada)

    client.post(SIGN_OUT)
    assert client.get("/admin/").status_code == 200

    client.post(SIGN_IN, FORM)
    client.post("/admin/logout/")
    assert is_signed_in(client)


def test_finding_out_who_asks_takes_one_statement(ada: User) -> None:
    client = browser_of(ada)
    with CaptureQueriesContext(connection) as statements:
        client.get(SIGN_IN)

    assert len(statements) == 1


def test_over_https_the_cookie_is_bound_to_this_host(settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    ada = make_user()
    session = open_browser_session(user=ada)
    answer = HttpResponse()

    remember(answer, session)

    (cookie,) = answer.cookies.values()
    assert cookie.key == f"__Host-{COOKIE}"
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    client = Client()
    client.cookies[cookie.key] = cookie.value
    assert client.get("/account", secure=True).status_code == 200
    # Nobody gets in with a cookie that another host could have planted.
    planted = Client()
    planted.cookies[COOKIE] = cookie.value
    assert planted.get("/account", secure=True).status_code == 302
