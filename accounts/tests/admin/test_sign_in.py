"""The sign-in of the back office: a forgotten password, and users whom it does not let in."""

import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Activity, OutgoingEmail
from accounts.tests.factories import PASSWORD, make_user
from accounts.tests.mailbox import emails_to, link_sent_to

pytestmark = pytest.mark.django_db

FORGOTTEN = "/admin/password_reset/"


def sign_in(email: str, password: str = PASSWORD) -> str:
    response = Client().post(reverse("admin:login"), {"username": email, "password": password})
    assert response.status_code == 200
    return " ".join(response.text.split())


def test_the_sign_in_leads_to_a_new_password(settings: Settings) -> None:
    boss = make_user(email="boss@example.com", is_staff=True)
    browser = Client()

    page = browser.get(reverse("admin:login")).text
    assert f'href="{FORGOTTEN}"' in page
    assert page.count("Forgot") == page.count("Forgot your password?") == 1
    assert 'name="email"' in browser.get(FORGOTTEN).text
    asked = browser.post(FORGOTTEN, {"email": "Boss@example.com"})
    chosen = browser.post(
        f"/reset-password/{link_sent_to(boss.email)}",
        {"password": "battery staple", "repeated": "battery staple"},
        follow=True,
    )

    assert "an e-mail with a link is on its way" in asked.text
    assert 'href="/admin/"' in chosen.text
    entered = browser.post(
        reverse("admin:login"), {"username": boss.email, "password": "battery staple"}
    )
    assert (entered.status_code, entered["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("hides", [True, False])
def test_the_answer_does_not_tell_who_has_an_account(settings: Settings, hides: bool) -> None:
    settings.HIDE_ACCOUNT_EXISTENCE = hides
    make_user(email="boss@example.com", is_staff=True)

    pages = [
        Client().post(FORGOTTEN, {"email": email})
        for email in ("boss@example.com", "none@example.com")
    ]

    # They differ by the address and by the token of the form that they do not have.
    known, unknown = (re.sub(r"(boss|none)@", "who@", page.text) for page in pages)
    assert [page.status_code for page in pages] == [200, 200]
    assert known == unknown
    assert not emails_to("none@example.com")


def test_a_user_who_is_no_staff_gets_a_new_password_here_too() -> None:
    make_user(email="ada@example.com")

    Client().post(FORGOTTEN, {"email": "ada@example.com"})

    assert emails_to("ada@example.com")[-1].subject == "Choose a new password"


@pytest.mark.parametrize("email", ["", "nobody", "a\x00@example.com", "x" * 300 + "@example.com"])
def test_what_is_no_address_is_refused(email: str) -> None:
    response = Client().post(FORGOTTEN, {"email": email})

    assert response.status_code == 200
    assert response.context["form"].errors.keys() == {"email"}
    assert not OutgoingEmail.objects.exists()


def test_asking_often_from_one_address_is_limited(settings: Settings) -> None:
    settings.RATE_LIMIT_AUTH = "3/m"
    with time_machine.travel(1_700_000_000, tick=False):
        tries = [Client().post(FORGOTTEN, {"email": "x@example.com"}) for _ in range(4)]
        shown = Client().get(FORGOTTEN)

    assert [response.status_code for response in tries] == [200, 200, 200, 429]
    assert shown.status_code == 200


def test_asking_often_for_one_account_sends_no_more_and_does_not_say_so(
    settings: Settings,
) -> None:
    settings.RATE_LIMIT_CODES = "2/h"
    make_user(email="boss@example.com", is_staff=True)

    with time_machine.travel(1_700_000_000, tick=False):
        tries = [Client().post(FORGOTTEN, {"email": "boss@example.com"}) for _ in range(4)]

    assert {response.status_code for response in tries} == {200}
    assert OutgoingEmail.objects.filter(kind="reset_password").count() == 2


def test_a_forged_request_sends_nothing() -> None:
    make_user(email="boss@example.com", is_staff=True)

    response = Client(enforce_csrf_checks=True).post(FORGOTTEN, {"email": "boss@example.com"})

    assert response.status_code == 403
    assert not OutgoingEmail.objects.filter(kind="reset_password").exists()


def test_a_user_who_is_no_staff_is_told_where_to_go() -> None:
    make_user(email="ada@example.com")

    text = sign_in("ada@example.com")

    assert "Your password is right, but the back office is for staff only" in text
    assert "Use the shop or the app in which you registered." in text
    assert 'href="/"' in text
    assert "Please enter the correct" not in text


def test_only_those_who_know_the_password_learn_who_is_no_staff() -> None:
    make_user(email="ada@example.com")
    make_user(email="gone@example.com", is_active=False)

    texts = [
        sign_in("ada@example.com", "wrong"),
        sign_in("nobody@example.com", "wrong"),
        sign_in("gone@example.com"),
    ]

    for text in texts:
        assert "Please enter the correct" in text
        assert "is not staff" not in text
    assert Activity.objects.filter(type="login_failed").count() == 3


def test_a_user_who_is_no_staff_any_more_is_told_so() -> None:
    ada = make_user(email="ada@example.com")
    browser = Client()
    browser.force_login(ada)

    text = browser.get(reverse("admin:index"), follow=True).text

    assert "You are signed in with an account that is not staff." in text
