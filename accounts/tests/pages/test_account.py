"""The pages of one's own account."""

import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.events import ActivityType
from accounts.models import Activity, ApiToken, Session, User
from accounts.pages.cookies import COOKIE
from accounts.pages.wording import program_of, words_of
from accounts.services import create_api_token, open_session
from accounts.tests.browsers import browser_of, session_in
from accounts.tests.factories import PASSWORD, make_api_token, make_user

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)>"
PROFILE, EMAIL, SECURITY = "/account", "/account/email", "/account/security"
ACTIVITY, TOKENS, PREFERENCES = "/account/activity", "/account/tokens", "/account/preferences"
PAGES = [PROFILE, EMAIL, SECURITY, ACTIVITY, TOKENS, PREFERENCES]
NOWHERE = "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10"
FORMS = [*PAGES, "/account/sessions/end", f"/account/sessions/{NOWHERE}/end", "/density"]
FORMS.remove(ACTIVITY)


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com", first_name="Ada")


@pytest.fixture
def browser(ada: User) -> Client:
    return browser_of(ada)


def page_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


# --- All of them ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_each_page_has_one_heading_a_title_and_its_tab(path: str, browser: Client) -> None:
    page = page_of(browser, path)

    assert page.count("<h1>") == 1
    assert re.search(r"<title>.+ · OrderChainer</title>", page)
    assert len(re.findall(r'aria-current="page"', page)) == 1
    # Both spellings answer.
    assert browser.get(f"{path}/").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_visitors_sign_in_first(path: str, client: Client) -> None:
    assert client.get(path)["Location"] == f"/sign-in?next={path.replace('/', '%2F')}"


@pytest.mark.parametrize("path", FORMS)
def test_forms_need_a_sign_in_and_a_csrf_token(path: str, ada: User, client: Client) -> None:
    assert client.post(path).status_code == 401
    careful = Client(enforce_csrf_checks=True)
    careful.cookies[COOKIE] = browser_of(ada).cookies[COOKIE].value
    assert careful.post(path).status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_what_strangers_chose_is_text(path: str, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(first_name=HOSTILE, address=HOSTILE)
    open_session(user=ada)
    Session.objects.update(user_agent=HOSTILE)
    create_api_token(user=ada, name=HOSTILE, scopes=["orders:read"])

    assert "<img src=x" not in page_of(browser_of(ada), path)


@pytest.mark.parametrize(("path", "most"), [(SECURITY, 5), (ACTIVITY, 5), (TOKENS, 4)])
def test_a_page_costs_the_same_however_much_there_is(path: str, most: int, ada: User) -> None:
    client = browser_of(ada)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(client, path)
        return len(captured)

    before = statements()
    for _ in range(5):
        open_session(user=ada)
        make_api_token(ada)

    assert before == statements() <= most


# --- Profile ----------------------------------------------------------------------------------

FILLED_IN = {"first_name": "Grace", "last_name": "Hopper", "phone": "1", "address": "A\nB"}


def picture() -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(content, "PNG")
    return SimpleUploadedFile("me.png", content.getvalue(), "image/png")


def test_changes_the_profile_and_says_so(browser: Client, ada: User) -> None:
    response = browser.post(PROFILE, FILLED_IN)

    assert (response.status_code, response["Location"]) == (303, PROFILE)
    ada.refresh_from_db()
    assert (ada.name, ada.phone, ada.address) == ("Grace Hopper", "1", "A\nB")
    assert "Your profile is saved." in page_of(browser, PROFILE)


def test_adds_and_removes_a_picture(
    browser: Client, ada: User, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    assert "Remove the picture" not in page_of(browser, PROFILE)

    browser.post(PROFILE, {**FILLED_IN, "avatar": picture()})
    ada.profile.refresh_from_db()
    assert str(ada.profile.avatar).startswith("avatars/")
    assert f'src="{ada.profile.avatar.url}"' in page_of(browser, PROFILE)

    browser.post(PROFILE, {**FILLED_IN, "without_avatar": "on"})
    ada.profile.refresh_from_db()
    assert not ada.profile.avatar


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"avatar": SimpleUploadedFile("me.png", b"no picture")}, "error"),
        ({"username": "Taken"}, "A user with that username already exists."),
        ({"username": "a b"}, "Enter a valid username."),
        ({"first_name": "x" * 151}, "at most 150 characters"),
        ({"phone": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_says_what_is_wrong_with_a_profile(
    changed: dict[str, Any], words: str, browser: Client, ada: User
) -> None:
    make_user(username="taken")

    response = browser.post(PROFILE, {**FILLED_IN, **changed})

    page = response.content.decode()
    assert response.status_code == 400
    assert words in page
    assert 'id="error-summary"' in page
    # What was typed is still there.
    assert "Hopper" in page
    ada.refresh_from_db()
    assert ada.first_name == "Ada"


def test_pictures_have_a_limit_of_their_own(browser: Client, settings: Settings) -> None:
    settings.RATE_LIMIT_UPLOADS = "1/m"

    statuses = [browser.post(PROFILE, {"avatar": picture()}).status_code for _ in range(2)]

    assert statuses == [303, 429]
    assert browser.post(PROFILE, FILLED_IN).status_code == 303


# --- E-mail and password ----------------------------------------------------------------------


def test_changes_the_email_with_the_password(browser: Client, ada: User) -> None:
    form = {"email": "new@example.com", "current_password": PASSWORD}

    assert browser.post(EMAIL, {**form, "current_password": "wrong"}).status_code == 400
    assert browser.post(EMAIL, form)["Location"] == SECURITY

    ada.refresh_from_db()
    assert ada.email == "new@example.com"


def test_refuses_the_email_of_somebody_else(browser: Client, ada: User) -> None:
    make_user(email="taken@example.com")

    response = browser.post(EMAIL, {"email": "TAKEN@example.com", "current_password": PASSWORD})

    assert response.status_code == 400
    assert b"There is already an account with this address." in response.content
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"


CHOSEN = {
    "current_password": PASSWORD,
    "password": "another horse",
    "repeated": "another horse",
}


def test_a_new_password_keeps_this_browser_signed_in_and_no_other(ada: User) -> None:
    browser, elsewhere = browser_of(ada), browser_of(ada)

    response = browser.post(SECURITY, CHOSEN)

    assert (response.status_code, response["Location"]) == (303, SECURITY)
    assert "Your password is changed" in page_of(browser, SECURITY)
    assert elsewhere.get(SECURITY).status_code == 302
    ada.refresh_from_db()
    assert ada.check_password("another horse")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"current_password": "wrong"}, "This is not your password."),
        ({"repeated": "something else"}, "The two passwords differ."),
        ({"password": "short", "repeated": "short"}, "This password is too short."),
        ({"password": "", "repeated": ""}, "This field is required."),
    ],
)
def test_says_what_is_wrong_with_a_password(
    changed: dict[str, str], words: str, browser: Client, ada: User
) -> None:
    response = browser.post(SECURITY, {**CHOSEN, **changed})

    assert response.status_code == 400
    assert words in response.content.decode()
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)
    assert session_in(browser).is_open


def test_guesses_at_the_password_are_counted(browser: Client, settings: Settings) -> None:
    settings.RATE_LIMIT_AUTH = "2/m"
    wrong = {**CHOSEN, "current_password": "wrong"}

    assert [browser.post(SECURITY, wrong).status_code for _ in range(3)] == [400, 400, 429]
    form = {"email": "new@example.com", "current_password": PASSWORD}
    assert browser.post(EMAIL, form).status_code == 429


# --- Sessions ---------------------------------------------------------------------------------


def test_shows_where_one_is_signed_in(browser: Client, ada: User) -> None:
    open_session(user=ada)

    page = page_of(browser, SECURITY)

    assert page.count("This browser") == 1
    assert re.search(r'<th scope="row">\s*Browser', page)
    assert re.search(r'<th scope="row">\s*API', page)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("x" * 300, "x" * 60),
        ("", "Unknown"),
    ],
)
def test_says_which_program_it_is(user_agent: str, words: str) -> None:
    assert program_of(user_agent) == words


def test_signs_out_another_session_and_this_one(browser: Client, ada: User) -> None:
    other = browser_of(ada)
    path = f"/account/sessions/{session_in(other).pk}/end"

    assert browser.post(path)["Location"] == SECURITY
    assert other.get(SECURITY).status_code == 302
    assert browser.post(path).status_code == 404
    assert browser.get(path).status_code == 405

    response = browser.post(f"/account/sessions/{session_in(browser).pk}/end")
    assert response["Location"] == "/sign-in"
    assert response["Clear-Site-Data"] == '"cache"'
    assert browser.get(SECURITY).status_code == 302


def test_nobody_signs_out_a_stranger(browser: Client) -> None:
    stranger = browser_of(make_user())

    response = browser.post(f"/account/sessions/{session_in(stranger).pk}/end")

    assert response.status_code == 404
    assert session_in(stranger).is_open


def test_signs_out_everywhere(browser: Client, ada: User) -> None:
    other = browser_of(ada)

    response = browser.post("/account/sessions/end")

    assert response["Location"] == "/sign-in"
    assert response["Clear-Site-Data"] == '"cache"'
    assert not any(session.is_open for session in ada.sessions.all())
    assert other.get(SECURITY).status_code == 302


# --- Activity ---------------------------------------------------------------------------------


def test_every_activity_has_words_and_a_symbol_that_exists() -> None:
    sprite = (settings.BASE_DIR / "static/orderchainer/icons.svg").read_text()
    for kind in ActivityType:
        words = words_of(Activity(type=kind))

        assert words.text
        assert f'<symbol id="{words.icon}"' in sprite


def test_a_page_that_does_not_exist_shows_the_nearest(browser: Client) -> None:
    for page in ("0", "-1", "x", "9999", "\x00"):
        response = browser.get(ACTIVITY, {"page": page})
        assert response.status_code == 200
        assert b"You signed in" in response.content


# --- API tokens -------------------------------------------------------------------------------


def test_a_new_token_is_shown_once_and_works(browser: Client, ada: User) -> None:
    tomorrow = timezone.now().date() + timedelta(days=1)
    form = {
        "name": "Printer",
        "scopes": ["account:read"],
        "expires_on": tomorrow.isoformat(),
        "key": "once",
    }

    response = browser.post(TOKENS, form)

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    found = re.search(r">(oc_\w+_\w+)<", response.content.decode())
    assert found
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {found[1]}")
    assert api.get("/api/v1/auth/me").json()["email"] == ada.email
    token = ApiToken.objects.get()
    assert (token.name, token.scopes) == ("Printer", ["account:read"])
    assert token.expires_at is not None
    assert token.expires_at.date() == tomorrow
    page = page_of(browser, TOKENS)
    assert "Printer" in page
    assert found[1] not in page

    again = browser.post(TOKENS, form, follow=True)
    assert "The token “Printer” was created already" in again.content.decode()
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "scopes": ["orders:read"]},
        {"name": "x"},
        {"name": "x", "scopes": ["everything"]},
        {"name": "x", "scopes": ["orders:read"], "expires_on": "2001-01-01"},
        {"name": "x", "scopes": ["orders:read"], "expires_on": "9999-12-31"},
        {"name": "x", "scopes": ["orders:read"], "expires_on": "soon"},
        {"name": "x" * 101, "scopes": ["orders:read"]},
    ],
)
def test_a_token_that_makes_no_sense_is_refused(form: dict[str, Any], browser: Client) -> None:
    response = browser.post(TOKENS, {**form, "key": "once"})

    assert response.status_code == 400
    assert b'id="error-summary"' in response.content
    assert not ApiToken.objects.exists()


def test_revokes_a_token_of_ones_own(browser: Client, ada: User) -> None:
    token, _text = make_api_token(ada)
    others, _text = make_api_token(make_user())

    assert browser.post(f"{TOKENS}/{token.pk}/revoke")["Location"] == TOKENS
    assert browser.post(f"{TOKENS}/{others.pk}/revoke").status_code == 404

    token.refresh_from_db()
    others.refresh_from_db()
    assert token.revoked_at is not None
    assert others.revoked_at is None


# --- Preferences ------------------------------------------------------------------------------


def test_keeps_preferences_and_shows_them(browser: Client, ada: User) -> None:
    form = {"theme": "dark", "density": "compact"}

    assert browser.post(PREFERENCES, form).status_code == 303

    ada.profile.refresh_from_db()
    profile = ada.profile
    assert (profile.theme, profile.density, profile.has_single_keys) == ("dark", "compact", False)
    page = page_of(browser, PREFERENCES)
    assert 'data-theme="dark" data-density="compact" data-keys="off"' in page
    # What clients of the API keep there is theirs.
    assert profile.preferences == {}


@pytest.mark.parametrize("changed", [{"theme": "blue"}, {"density": ""}, {"theme": "\x00"}])
def test_refuses_what_is_no_choice(changed: dict[str, str], browser: Client, ada: User) -> None:
    form = {"theme": "dark", "density": "compact", **changed}

    assert browser.post(PREFERENCES, form).status_code == 400
    ada.profile.refresh_from_db()
    assert ada.profile.theme == "system"


def test_a_button_keeps_the_density(browser: Client, ada: User) -> None:
    script = {"X-Requested-With": "XMLHttpRequest"}

    assert browser.post("/density", {"density": "compact"}, headers=script).status_code == 204
    assert browser.post("/density", {"density": "tiny"}, headers=script).status_code == 400
    ada.profile.refresh_from_db()
    assert ada.profile.density == "compact"
