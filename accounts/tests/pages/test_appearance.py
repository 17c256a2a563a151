"""How the pages look and listen to keys for each person: the theme, and single keys."""

from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db

SIGN_IN = "/sign-in"
HOME = "/app/"


@pytest.fixture
def ada() -> User:
    return make_user()


def test_visitors_keep_their_theme_in_a_cookie(client: Client) -> None:
    response = client.post("/theme", {"theme": "dark", "next": "/sign-in"})

    assert (response.status_code, response["Location"]) == (303, "/sign-in")
    assert b'data-theme="dark"' in client.get(SIGN_IN).content


def test_people_keep_their_theme_in_their_profile(ada: User) -> None:
    client = browser_of(ada)

    response = client.post("/theme", {"theme": "dark"}, headers={"HX-Request": "true"})

    assert (response.status_code, response.content) == (204, b"")
    ada.profile.refresh_from_db()
    assert ada.profile.theme == "dark"
    elsewhere = browser_of(ada).get(f"{HOME}{uuid4()}/")
    assert (elsewhere.status_code, b'data-theme="dark"' in elsewhere.content) == (404, True)


@pytest.mark.parametrize("theme", ["", "blue", "dark\x00"])
def test_an_unknown_theme_is_refused(theme: str, ada: User) -> None:
    assert browser_of(ada).post("/theme", {"theme": theme}).status_code == 400
    ada.profile.refresh_from_db()
    assert ada.profile.theme == "system"


def test_single_keys_can_be_switched_off(ada: User, client: Client) -> None:
    assert client.post("/single-keys", {"single_keys": "off"}).status_code == 401
    browser = browser_of(ada)

    assert browser.post("/single-keys", {"single_keys": "maybe"}).status_code == 400
    assert browser.post("/single-keys", {"single_keys": "off"}).status_code == 303
    ada.profile.refresh_from_db()
    assert ada.profile.has_single_keys is False
