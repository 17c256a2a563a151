"""`/auth/api/profile/`: reading and changing the fields of a profile."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.api.profiles import PATH, change, files, upload
from accounts.tests.factories import (
    client_of,
    client_with,
    make_api_token,
    make_user,
)
from orderchainer.testing.photographs import photograph

pytestmark = pytest.mark.django_db

NO_TEXT = ["Not a valid string."]


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.PUBLIC_URL = "https://orders.example.com"


@pytest.fixture
def user() -> User:
    """A customer."""
    return make_user(email="user@example.com", username="testuser", first_name="Test")


@pytest.fixture
def client(user: User) -> APIClient:
    """A client with the customer signed in."""
    return client_of(user)


# --- Reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PATH, "/auth/api/profile"])
def test_shows_the_caller(client: APIClient, user: User, path: str) -> None:
    response = client.get(path)

    body = response.json()
    profile = body.pop("profile")
    assert response.status_code == 200
    assert body == {
        "id": user.pk,
        "email": "user@example.com",
        "username": "testuser",
        "first_name": "Test",
        "last_name": "",
        "phone": "",
        "address": "",
    }
    assert list(profile) == ["avatar", "preferences", "created_at", "updated_at"]
    assert (profile["avatar"], profile["preferences"]) == ("", {})


def test_reading_takes_two_statements(client: APIClient, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        client.get(PATH)


@pytest.mark.parametrize(
    ("scope", "reads", "writes"),
    [
        ("account:read", 200, 403),
        ("account:write", 200, 200),
        ("orders:write", 403, 403),
    ],
)
def test_an_api_token_needs_the_scope(user: User, scope: str, reads: int, writes: int) -> None:
    _token, text = make_api_token(user, scope)
    client = client_with(text)

    assert client.get(PATH).status_code == reads
    assert change(client, phone="1").status_code == writes


@pytest.mark.parametrize("method", ["get", "patch"])
def test_strangers_see_and_change_nothing(anonymous: APIClient, method: str) -> None:
    response = getattr(anonymous, method)(PATH)

    assert (response.status_code, response.json()) == (
        401,
        {"error": "Could not validate credentials"},
    )


# --- Changing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", "Zoë"),
        ("first_name", ""),
        ("last_name", "Müller-Lüdenscheidt"),
        ("username", "test.user+2@shop_x-y"),
        ("username", ""),
        ("username", "TESTUSER"),
        ("phone", "+49 30 1234567"),
        ("address", "Platz 1\n10115 Berlin"),
    ],
)
@pytest.mark.parametrize("form", ["json", "multipart", "urlencoded"])
def test_changes_only_the_given_field(
    client: APIClient, user: User, field: str, value: str, form: str
) -> None:
    before = client.get(PATH).json()

    if form == "urlencoded":
        response = client.patch(
            PATH,
            urlencode({field: value}),
            content_type="application/x-www-form-urlencoded",
        )
    else:
        response = client.patch(PATH, {field: value}, format=form)

    assert response.status_code == 200
    assert response.json() == {**before, field: value}
    assert client.get(PATH).json() == {**before, field: value}


def test_does_not_change_other_users(client: APIClient) -> None:
    other = make_user(username="other")
    before = client_of(other).get(PATH).json()

    change(client, first_name="New", preferences={"theme": "dark"})

    assert client_of(other).get(PATH).json() == before


def test_an_equal_value_is_no_change(client: APIClient) -> None:
    before = client.get(PATH).json()

    response = change(client)

    assert (response.status_code, response.json()) == (200, before)


def test_preferences_are_replaced_as_a_whole(client: APIClient) -> None:
    preferences: dict[str, object] = {
        "theme": "dark",
        "ünïcode": ["✓", None, 1.5, True, {"a": {}}],
    }
    change(client, preferences={"old": 1})

    response = change(client, preferences=preferences)

    assert response.status_code == 200
    assert response.json()["profile"]["preferences"] == preferences
    assert client.get(PATH).json()["profile"]["preferences"] == preferences


def test_preferences_in_a_form_are_json(client: APIClient) -> None:
    response = client.patch(PATH, {"preferences": '{"theme": "dark"}'}, format="multipart")

    assert response.json()["profile"]["preferences"] == {"theme": "dark"}


def test_the_body_may_be_sent_back_as_read(client: APIClient) -> None:
    upload(client, photograph())
    read = change(client, preferences={"theme": "dark"}).json()

    response = client.patch(PATH, read, format="json")

    assert response.status_code == 200
    body = response.json()
    # Nothing has changed but the timestamp of the answer.
    body["profile"]["updated_at"] = read["profile"]["updated_at"]
    assert body == read


def test_fields_may_be_changed_inside_profile(client: APIClient) -> None:
    profile = {"preferences": {"theme": "dark"}, "avatar": None}

    response = change(client, profile=profile, first_name="New")

    assert response.status_code == 200
    assert response.json()["first_name"] == "New"
    assert response.json()["profile"]["preferences"] == {"theme": "dark"}


TOO_LONG = "Ensure this field has no more than {} characters."
BAD_USERNAME = [
    "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ "
    "characters."
]
TOO_DEEP: dict[str, Any] = {}
for _ in range(8):
    TOO_DEEP = {"a": TOO_DEEP}


@pytest.mark.parametrize(
    ("field", "value", "messages"),
    [
        ("first_name", "x" * 151, [TOO_LONG.format(150)]),
        ("first_name", None, ["This field may not be null."]),
        ("first_name", 5, NO_TEXT),
        ("first_name", ["x"], NO_TEXT),
        ("last_name", "a\x00b", ["Null characters are not allowed."]),
        ("phone", "1" * 33, [TOO_LONG.format(32)]),
        ("address", "x" * 1001, [TOO_LONG.format(1000)]),
        ("username", "two words", BAD_USERNAME),
        ("username", "‮evil", BAD_USERNAME),
        ("username", "x" * 151, [TOO_LONG.format(150)]),
        ("email", "other@example.com", ["The e-mail cannot be changed here."]),
        ("email", 5, ["Invalid email address"]),
        ("is_staff", True, ["There is no such field."]),
        ("password", "a new password", ["There is no such field."]),
        ("profile", "text", ["There is no such field."]),
        ("preferences", [], ["Must be an object."]),
        ("preferences", "{}", ["Must be an object."]),
        ("preferences", 5, ["Must be an object."]),
        ("preferences", None, ["This field may not be null."]),
        ("preferences", TOO_DEEP, ["Must not be nested deeper than 8 levels."]),
        ("preferences", {"a": "x" * 16_384}, ["Must not take up more than 16384 bytes."]),
        ("preferences", {"a": "\x00"}, ["Null characters are not allowed."]),
        ("preferences", {"\x00": 1}, ["Null characters are not allowed."]),
        ("preferences", {"a": 1e300},
         ["Numbers must lie between 1e-15 and 9007199254740992, or be 0."]),
        ("preferences", {"a": 2**63},
         ["Numbers must lie between 1e-15 and 9007199254740992, or be 0."]),
        ("avatar", "https://evil.example/x.png",
         ["Send the picture as a file, in multipart/form-data."]),
        ("avatar", "data:image/png;base64,AAAA",
         ["Send the picture as a file, in multipart/form-data."]),
        ("avatar", ["x"], ["Send the picture as a file, in multipart/form-data."]),
        ("avatar", False, ["Send the picture as a file, in multipart/form-data."]),
    ],
)  # fmt: skip
def test_refuses_a_change(
    client: APIClient, field: str, value: object, messages: list[str]
) -> None:
    before = client.get(PATH).json()

    response = change(client, **{"phone": "123", field: value})

    assert (response.status_code, response.json()) == (400, {field: messages})
    assert client.get(PATH).json() == before


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"x"', "NaN", '{"a": "\\ud800"}', "{" * 5000, "[" * 100_000],
)  # fmt: skip
def test_refuses_preferences_in_a_form_that_are_not_an_object(client: APIClient, text: str) -> None:
    response = client.patch(PATH, {"preferences": text}, format="multipart")

    if not text:
        # An empty field of a form counts as left out.
        assert response.status_code == 200
    else:
        assert (response.status_code, response.json()) == (
            400,
            {"preferences": ["Must be an object."]},
        )
    assert client.get(PATH).json()["profile"]["preferences"] == {}


@pytest.mark.parametrize("username", ["taken", "TAKEN", " Taken "])
def test_a_taken_username_is_a_field_error(
    client: APIClient, username: str, tmp_path: Path
) -> None:
    make_user(username="taken")

    response = upload(client, photograph(), username=username, first_name="New")

    assert (response.status_code, response.json()) == (
        400,
        {"username": ["A user with that username already exists."]},
    )
    assert client.get(PATH).json()["first_name"] == "Test"
    assert files(tmp_path) == set()
