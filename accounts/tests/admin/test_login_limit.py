"""The admin's sign-ins count together with those of the APIs; the refusal is a page."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Activity
from accounts.tests.factories import PASSWORD, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limits")]

NOW = 1_700_000_000
FORM = {"username": "boss@example.com", "password": "wrong"}


@pytest.fixture
def limits(settings: Settings) -> Iterator[None]:
    """The default limits. Time stands still, so no period ends within a test."""
    settings.RATE_LIMIT_AUTH = "5/m"
    settings.TRUSTED_PROXIES = 1
    with time_machine.travel(NOW, tick=False):
        yield


def sign_in(address: str, **form: str) -> object:
    return Client().post(
        reverse("admin:login"), {**FORM, **form}, headers={"X-Forwarded-For": address}
    )


def statuses(*responses: object) -> list[int]:
    return [response.status_code for response in responses]  # type: ignore[attr-defined]  # of the client


def test_the_sixth_try_gets_a_page_that_says_when_to_try_again() -> None:
    make_user(email="boss@example.com", is_staff=True)

    tries = [sign_in("192.0.2.1") for _ in range(6)]

    assert statuses(*tries) == [200] * 5 + [429]
    sixth: object = tries[-1]
    headers = sixth.headers  # type: ignore[attr-defined]  # of the client
    seconds = int(headers["Retry-After"])
    assert 1 <= seconds <= 60
    assert headers["X-RateLimit-Limit"] == "5"
    assert headers["X-RateLimit-Remaining"] == "0"
    assert headers["X-RateLimit-Reset"] == str(NOW + seconds)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "no-store" in headers["Cache-Control"]
    page = sixth.content.decode()  # type: ignore[attr-defined]  # of the client
    assert re.search(rf"Try again in {seconds} seconds?\.", page)
    # The sixth password was not even checked.
    assert Activity.objects.filter(type="login_failed").count() == 5


def test_tries_here_and_on_the_api_count_together() -> None:
    make_user(email="boss@example.com", is_staff=True)
    for number in range(5):
        Client().post(
            "/api/auth/token",
            {"username": "Boss@example.com", "password": "wrong"},
            content_type="application/json",
            headers={"X-Forwarded-For": f"192.0.2.{number}"},
        )

    assert statuses(sign_in("198.51.100.1")) == [429]


def test_the_user_gets_in_from_an_address_they_used_before() -> None:
    make_user(email="boss@example.com", is_staff=True)
    assert statuses(sign_in("203.0.113.5", password=PASSWORD)) == [302]
    for number in range(10):
        sign_in(f"192.0.2.{number}")

    elsewhere = sign_in("198.51.100.1", password=PASSWORD)
    at_home = sign_in("203.0.113.5", password=PASSWORD)

    assert statuses(elsewhere, at_home) == [429, 302]


def test_showing_the_form_does_not_count() -> None:
    for _ in range(20):
        response = Client().get(reverse("admin:login"))

        assert response.status_code == 200
        assert "X-RateLimit-Limit" not in response.headers


def test_without_a_limit_nothing_is_counted(settings: Settings) -> None:
    settings.RATE_LIMIT_AUTH = ""

    assert statuses(*(sign_in("192.0.2.1") for _ in range(10))) == [200] * 10


def test_guesses_at_the_old_password_count_as_sign_ins() -> None:
    boss = make_user(email="boss@example.com", is_staff=True)
    client = Client()
    client.force_login(boss)
    form = {"new_password1": "battery staple", "new_password2": "battery staple"}

    tries = [
        client.post(reverse("admin:password_change"), {"old_password": f"wrong {n}", **form})
        for n in range(6)
    ]

    assert statuses(*tries) == [200] * 5 + [429]
    assert client.get(reverse("admin:password_change")).status_code == 200


def test_a_sign_in_without_a_next_page_leads_to_the_first_page() -> None:
    user = make_user(is_staff=True)

    response = Client().post(reverse("admin:login"), {"username": user.email, "password": PASSWORD})

    assert (response.status_code, response["Location"]) == (302, "/admin/")
