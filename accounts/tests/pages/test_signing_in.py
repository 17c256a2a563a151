"""Sign in, sign up, ask for a new password and sign out on the pages."""

import gzip
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Activity, OutgoingEmail, Session, User
from accounts.pages.cookies import COOKIE
from accounts.tests.browsers import browser_of, is_signed_in, session_in
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.com"
FORM = {"email": ADDRESS, "password": PASSWORD}
SIGN_IN, SIGN_UP, FORGOTTEN, SIGN_OUT = "/sign-in", "/sign-up", "/forgot-password", "/sign-out"
HOME = "/app/"


@pytest.fixture
def ada() -> User:
    return make_user(email=ADDRESS)


def _words_of(response: Any, email: str) -> str:
    """Return the page without the e-mail that was typed and without the token of its forms."""
    page = response.content.decode().replace(email, "")
    return re.sub(r'(csrf-token" content=|csrfmiddlewaretoken" value=)"\w+"', "", page)


# --- Signing in -------------------------------------------------------------------------------


def test_signs_in_with_a_cookie_that_scripts_cannot_read(ada: User, client: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        response = client.post(SIGN_IN, FORM)

    assert (response.status_code, response["Location"]) == (303, HOME)
    cookie = response.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 7 * 86_400
    assert not cookie["secure"]
    session = Session.objects.get()
    assert (session.user, session.door) == (ada, Session.Door.BROWSER)
    assert is_signed_in(client)


def test_the_cookie_is_for_https_where_the_service_is(
    ada: User, client: Client, settings: Settings
) -> None:
    settings.SESSION_COOKIE_SECURE = True

    assert client.post(SIGN_IN, FORM).cookies[f"__Host-{COOKIE}"]["secure"]


def test_the_form_suits_password_managers(client: Client) -> None:
    page = client.get(SIGN_IN).content.decode()

    assert re.search(r'<input type="email" name="email" [^>]*autocomplete="username"', page)
    assert re.search(r'name="password" [^>]*autocomplete="current-password"', page)
    assert "csrfmiddlewaretoken" in page


@pytest.mark.parametrize(
    "form",
    [{"password": "wrong"}, {"email": "nobody@example.com"}, {"password": "x" * 2000}],
    ids=["password", "unknown", "long"],
)
def test_a_wrong_try_says_so_and_keeps_the_email(
    form: dict[str, str], ada: User, client: Client
) -> None:
    tried = {**FORM, **form}
    response = client.post(SIGN_IN, tried)

    page = response.content.decode()
    assert response.status_code == 400
    assert page.count("The e-mail or the password is wrong.") == 1
    assert tried["email"] in page
    assert COOKIE not in response.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize("missing", ["email", "password"])
def test_a_missing_field_is_named(missing: str, ada: User, client: Client) -> None:
    response = client.post(SIGN_IN, {**FORM, missing: ""})

    assert response.status_code == 400
    assert b"This field is required." in response.content


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "<script>", "x" * 10_000])
def test_hostile_text_is_an_ordinary_wrong_try(text: str, client: Client) -> None:
    response = client.post(SIGN_IN, {"email": text.encode("utf-8", "replace"), "password": "x"})

    assert response.status_code == 400
    assert b"<script>" not in response.content


def test_says_that_the_address_must_be_confirmed_first(
    ada: User, client: Client, settings: Settings
) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True

    response = client.post(SIGN_IN, FORM)

    assert response.status_code == 400
    assert b"Confirm your e-mail address first" in response.content
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/account?tab=2", "/account?tab=2"),
        ("", HOME),
        ("https://evil.example/", HOME),
        ("//evil.example/", HOME),
        ("/\\evil.example", HOME),
        ("///evil.example", HOME),
        ("javascript:alert(1)", HOME),
        ("account", HOME),
        ("/" + "x" * 5000, HOME),
    ],
)
def test_leads_on_to_pages_of_ours_only(
    wanted: str, leads_to: str, ada: User, client: Client
) -> None:
    response = client.post(f"{SIGN_IN}?{urlencode({'next': wanted})}", FORM)

    assert (response.status_code, response["Location"]) == (303, leads_to)
    # Somebody who is signed in already goes on at once.
    response = client.get(f"{SIGN_IN}?{urlencode({'next': wanted})}")
    assert (response.status_code, response["Location"]) == (303, leads_to)


def test_the_links_between_the_entrances_keep_where_to_go(client: Client) -> None:
    page = client.get(f"{SIGN_IN}?next=/account").content.decode()

    assert f'href="{SIGN_UP}?next=%2Faccount"' in page
    assert f'href="{FORGOTTEN}?next=%2Faccount"' in page


def test_a_second_sign_in_ends_the_first(ada: User, client: Client) -> None:
    client.post(SIGN_IN, FORM)
    first = session_in(client)

    client.post(SIGN_IN, FORM)

    assert session_in(client) != first
    first.refresh_from_db()
    assert first.end_reason == Session.EndReason.LOGGED_OUT


@pytest.mark.usefixtures("ada")
def test_forms_need_a_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    for path in (SIGN_IN, SIGN_UP, FORGOTTEN, SIGN_OUT, "/theme"):
        response = client.post(path, FORM)

        assert response.status_code == 403
        assert b"This form is out of date." in response.content
    assert not Session.objects.exists()

    page = client.get(SIGN_IN).content.decode()
    (token,) = set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page))
    before = client.cookies["csrftoken"].value
    response = client.post(SIGN_IN, {**FORM, "csrfmiddlewaretoken": token})
    assert response.status_code == 303
    assert client.cookies["csrftoken"].value != before


def test_pages_are_private_and_checked_again(client: Client) -> None:
    response = client.get(SIGN_IN)

    assert response["Cache-Control"] == "private, no-cache"
    assert "Cookie" in response["Vary"]
    assert response["Referrer-Policy"] == "same-origin"
    assert "script-src 'self'" in response["Content-Security-Policy"]


def test_pages_are_compressed_for_browsers_that_ask(client: Client) -> None:
    plain = client.get(SIGN_IN)
    packed = client.get(SIGN_IN, headers={"Accept-Encoding": "gzip, br"})

    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert len(packed.content) < len(plain.content) / 2
    assert b"<h1>" in gzip.decompress(packed.content)


def test_other_methods_are_refused(client: Client) -> None:
    assert client.put(SIGN_IN).status_code == 405
    assert client.get(SIGN_OUT).status_code == 405
    assert client.head(SIGN_IN).status_code == 200


# --- Signing out ------------------------------------------------------------------------------


def test_signing_out_ends_the_session_and_clears_the_cache(ada: User) -> None:
    client = browser_of(ada)
    session = session_in(client)

    response = client.post(SIGN_OUT)

    assert (response.status_code, response["Location"]) == (303, SIGN_IN)
    assert response["Clear-Site-Data"] == '"cache"'
    assert response.cookies[COOKIE].value == ""
    session.refresh_from_db()
    assert session.end_reason == Session.EndReason.LOGGED_OUT
    assert b"You are signed out." in client.get(SIGN_IN).content
    assert not is_signed_in(client)


def test_signing_out_twice_is_fine(client: Client) -> None:
    assert client.post(SIGN_OUT).status_code == 303


@pytest.mark.parametrize(
    ("path", "leads_to"), [("/shop/", "/shop/"), ("//evil.example/", SIGN_IN), ("", SIGN_IN)]
)
def test_signing_out_leads_to_one_of_our_pages(ada: User, path: str, leads_to: str) -> None:
    assert browser_of(ada).post(SIGN_OUT, {"next": path})["Location"] == leads_to


# --- Signing up -------------------------------------------------------------------------------

NEW = {"first_name": "Grace", "email": "grace@example.com", "password": PASSWORD}


def test_signs_up_and_in(client: Client) -> None:
    response = client.post(f"{SIGN_UP}?next=/account", NEW)

    assert (response.status_code, response["Location"]) == (303, "/account")
    user = User.objects.get(email="grace@example.com")
    assert (user.first_name, user.sessions.get().door) == ("Grace", Session.Door.BROWSER)
    assert OutgoingEmail.objects.get().recipient == user.email
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"email": ADDRESS.upper()}, b"There is already an account with this address."),
        ({"email": "no address"}, b"Invalid email address"),
        ({"password": "short"}, b"This password is too short."),
        ({"password": ""}, b"This field is required."),
    ],
)
def test_says_what_is_wrong_with_a_new_account(
    changed: dict[str, str], words: bytes, ada: User, client: Client
) -> None:
    response = client.post(SIGN_UP, {**NEW, **changed})

    assert response.status_code == 400
    assert words in response.content
    assert list(User.objects.all()) == [ada]
    assert not Session.objects.exists()


def test_asks_a_new_user_to_confirm_the_address_where_that_is_needed(
    client: Client, settings: Settings
) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True

    response = client.post(SIGN_UP, NEW)

    assert response.status_code == 200
    assert b"confirm your address" in response.content
    assert not is_signed_in(client)


# --- A forgotten password ---------------------------------------------------------------------


def test_answers_the_same_whether_or_not_there_is_an_account(ada: User, client: Client) -> None:
    OutgoingEmail.objects.all().delete()
    known = client.post(FORGOTTEN, {"email": ADDRESS})
    assert OutgoingEmail.objects.get().recipient == ADDRESS
    unknown = client.post(FORGOTTEN, {"email": "nil@example.com"})

    assert known.status_code == unknown.status_code == 200
    assert _words_of(known, ADDRESS) == _words_of(unknown, "nil@example.com")
    assert OutgoingEmail.objects.count() == 1


def test_too_many_links_tell_nothing_about_an_account(ada: User, settings: Settings) -> None:
    settings.RATE_LIMIT_CODES = "2/h"

    answers = [
        [Client().post(FORGOTTEN, {"email": email}).status_code for _ in range(4)]
        for email in (ADDRESS, "nil@example.com")
    ]

    assert answers == [[200, 200, 429, 429]] * 2


# --- Limits -----------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-01-12T10:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def limits(settings: Settings, clock: time_machine.Traveller) -> None:
    settings.RATE_LIMIT_AUTH = "5/m"


@pytest.mark.usefixtures("limits", "ada")
@pytest.mark.parametrize(
    ("path", "form"), [(SIGN_IN, {**FORM, "password": "no"}), (SIGN_UP, {}), (FORGOTTEN, {})]
)
def test_the_sixth_try_gets_a_page_that_says_when_to_try_again(
    path: str, form: dict[str, str], client: Client
) -> None:
    statuses = [client.post(path, form).status_code for _ in range(5)]

    sixth = client.post(path, form)

    assert statuses == [400] * 5
    assert sixth.status_code == 429
    assert f"Try again in {sixth['Retry-After']} second" in sixth.content.decode()
    assert sixth["X-RateLimit-Remaining"] == "0"
    assert client.get(path).status_code == 200


@pytest.mark.usefixtures("limits", "ada")
def test_sign_ins_are_counted_with_those_of_the_api(client: Client) -> None:
    wrong = {**FORM, "password": "no"}
    for _ in range(3):
        APIClient().post("/api/v1/auth/login", wrong, format="json")

    assert [client.post(SIGN_IN, wrong).status_code for _ in range(3)] == [400, 400, 429]
    assert Activity.objects.filter(type="login_failed").count() == 5


def test_pages_have_a_limit_of_their_own(ada: User, settings: Settings) -> None:
    settings.RATE_LIMIT_PAGES = "2/m"
    settings.RATE_LIMIT_STANDARD = "1/m"
    client = browser_of(ada)

    assert [client.get(HOME).status_code for _ in range(3)] == [302, 302, 429]
    assert browser_of(make_user()).get(HOME).status_code == 302
    assert client.get(HOME, headers={"HX-Request": "true"}).status_code == 429


def test_whoever_has_used_up_the_limit_can_still_sign_out(ada: User, settings: Settings) -> None:
    settings.RATE_LIMIT_PAGES = "1/m"
    client = browser_of(ada)
    assert [client.get(HOME).status_code for _ in range(2)] == [302, 429]

    assert client.post(SIGN_OUT).status_code == 303

    assert not Session.objects.get().is_open
