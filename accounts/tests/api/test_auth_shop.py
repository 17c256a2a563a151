"""`/auth/api/` from registration to logout: what the shop document leaves open."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Activity, OutgoingEmail, Session, User
from accounts.services import deactivate_user, signing_up
from accounts.tests.factories import PASSWORD, client_of, make_user

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
REQUIRED = ["This field is required."]
NO_TEXT = ["Not a valid string."]
REFUSED = {"error": "The credentials are missing or not valid."}


def register(client: APIClient, **body: Any) -> Any:
    """Post a valid registration, changed by `body`. A value of `...` removes the field."""
    password = body.get("password")
    whole = {
        "email": "user@example.com",
        "username": "testuser",
        "password": PASSWORD,
        "password_confirm": password if isinstance(password, str) else PASSWORD,
        **body,
    }
    sent = {name: value for name, value in whole.items() if value is not ...}
    return client.post("/auth/api/register/", sent, format="json")


def sign_in(client: APIClient, user: User) -> dict[str, str]:
    """Sign in over HTTP and return the tokens."""
    body = {"email": user.email, "password": PASSWORD}
    response = client.post("/auth/api/token/", body, format="json")
    assert response.status_code == 200
    tokens: dict[str, str] = response.json()
    return tokens


# --- Registering ------------------------------------------------------------------------------

BAD_USERNAME = [
    "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ "
    "characters."
]


def test_only_email_and_password_are_needed(anonymous: APIClient) -> None:
    response = register(anonymous, username=...)

    user = response.json()["user"]
    assert response.status_code == 201
    assert (user["username"], user["first_name"], user["phone"]) == ("", "", "")


def test_several_users_may_have_no_username(anonymous: APIClient) -> None:
    register(anonymous, username="")

    response = register(anonymous, email="b@example.com", username="")

    assert response.status_code == 201


@pytest.mark.parametrize(
    ("field", "value", "messages"),
    [
        ("email", ..., REQUIRED),
        ("email", None, ["This field may not be null."]),
        ("email", "", ["This field may not be blank."]),
        ("email", "no e-mail", ["Invalid email address"]),
        ("email", ["user@example.com"], ["Invalid email address"]),
        ("email", "user\x00@example.com", ["Invalid email address"]),
        ("password", "seven77",
         ["This password is too short. It must contain at least 8 characters."]),
        ("password", "938475634", ["This password is entirely numeric."]),
        ("password", 12345678, NO_TEXT),
        ("password_confirm", ..., REQUIRED),
        ("password_confirm", None, ["This field may not be null."]),
        ("password_confirm", f"{PASSWORD} ", ["The two passwords do not match."]),
        ("username", "two words", BAD_USERNAME),
        ("username", "<b>", BAD_USERNAME),
        ("username", "x" * 151, ["Ensure this field has no more than 150 characters."]),
        ("username", 5, NO_TEXT),
        ("username", "a\x00b", ["Null characters are not allowed."]),
        ("first_name", "x" * 151, ["Ensure this field has no more than 150 characters."]),
        ("last_name", {}, NO_TEXT),
        ("phone", "1" * 33, ["Ensure this field has no more than 32 characters."]),
        ("phone", 49301234567, NO_TEXT),
        ("address", "x" * 1001, ["Ensure this field has no more than 1000 characters."]),
        ("address", "a\x00b", ["Null characters are not allowed."]),
        ("is_staff", True, ["There is no such field."]),
        ("id", 77, ["There is no such field."]),
    ],
)  # fmt: skip
def test_refuses_to_register(
    anonymous: APIClient, field: str, value: object, messages: list[str]
) -> None:
    response = register(anonymous, **{field: value})

    assert (response.status_code, response.json()) == (400, {field: messages})
    assert not User.objects.exists()
    assert not Session.objects.exists()
    assert not OutgoingEmail.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "5"])
def test_refuses_a_body_that_is_not_an_object(anonymous: APIClient, body: str) -> None:
    response = anonymous.post("/auth/api/register/", body, content_type="application/json")

    assert response.status_code == 400
    assert not User.objects.exists()


def test_refuses_a_lone_surrogate(anonymous: APIClient) -> None:
    response = anonymous.post(
        "/auth/api/register/", '{"email": "\\ud800"}', content_type="application/json"
    )

    assert (response.status_code, list(response.json())) == (400, ["body"])


def test_a_registration_is_recorded_with_its_sign_in(anonymous: APIClient) -> None:
    register(anonymous)

    user = User.objects.get()
    assert set(Activity.objects.values_list("type", "user_id")) == {
        ("user_registered", user.pk),
        ("login_succeeded", user.pk),
    }
    assert OutgoingEmail.objects.get().recipient == user.email
    assert Session.objects.get().user == user


@pytest.mark.django_db(transaction=True)
def test_a_registration_with_a_failing_answer_is_rolled_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*, user: User) -> None:
        raise IntegrityError

    monkeypatch.setattr(signing_up, "open_session", fail)

    assert register(APIClient(raise_request_exception=False)).status_code == 500
    assert not User.objects.exists()
    assert not OutgoingEmail.objects.exists()
    assert not Activity.objects.exists()


# --- Signing in -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"email": " USER@Example.com", "password": "correct horse"}', "application/json"),
        ("email=user%40example.com&password=correct+horse", FORM),
    ],
)  # fmt: skip
def test_signs_in_with_json_and_with_a_form(
    anonymous: APIClient, body: str, content_type: str
) -> None:
    make_user(email="user@example.com")

    response = anonymous.post("/auth/api/token/", body, content_type=content_type)

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("user@example.com", "wrong horse"),
        ("nobody@example.com", PASSWORD),
        ("inactive@example.com", PASSWORD),
        ("testuser", PASSWORD),
        ("x" * 100_000, PASSWORD),
        ("user@example.com", "x" * 100_000),
    ],
)
def test_a_refused_sign_in_does_not_say_why(
    anonymous: APIClient, email: str, password: str
) -> None:
    make_user(email="user@example.com", username="testuser")
    deactivate_user(user=make_user(email="inactive@example.com"))

    response = anonymous.post(
        "/auth/api/token/", {"email": email, "password": password}, format="json"
    )

    assert (response.status_code, response.json()) == (
        401,
        {"error": "Invalid credentials"},
    )
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"email": REQUIRED, "password": REQUIRED}),
        ({"email": "a@example.com"}, {"password": REQUIRED}),
        ({"email": 5, "password": PASSWORD}, {"email": ["Invalid email address"]}),
        ({"email": "a@example.com", "password": None},
         {"password": ["This field may not be null."]}),
    ],
)  # fmt: skip
def test_refuses_incomplete_credentials(
    anonymous: APIClient, body: dict[str, object], errors: dict[str, list[str]]
) -> None:
    response = anonymous.post("/auth/api/token/", body, format="json")

    assert (response.status_code, response.json()) == (400, errors)


@pytest.mark.parametrize("charset", ["base64", "rot13", "utf-7", "unicode_escape"])
def test_a_form_is_read_as_utf_8_despite_its_charset(anonymous: APIClient, charset: str) -> None:
    make_user(email="user@example.com")

    response = anonymous.post(
        "/auth/api/token/",
        b"email=user@example.com&password=correct+horse",
        content_type=f"{FORM}; charset={charset}",
    )

    assert response.status_code == 200


def test_refuses_a_file_as_a_credential(anonymous: APIClient) -> None:
    response = anonymous.post("/auth/api/token/", {"email": "a"}, format="multipart")

    assert response.status_code == 415
    assert list(response.json()) == ["error"]


# --- Staying signed in ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["refresh", "refresh_token"])
def test_exchanges_a_refresh_token_once(anonymous: APIClient, name: str) -> None:
    tokens = sign_in(anonymous, make_user())
    body = {name: tokens["refresh"]}

    first = anonymous.post("/auth/api/token/refresh/", body, format="json")
    second = anonymous.post("/auth/api/token/refresh/", body, format="json")

    assert first.status_code == 200
    assert sorted(first.json()) == ["access", "refresh", "user_id"]
    assert first.json()["user_id"] == tokens["user_id"]
    assert first.json()["refresh"] != tokens["refresh"]
    assert first["Cache-Control"] == "no-store"
    assert (second.status_code, second.json()) == (401, REFUSED)


def test_a_refresh_token_expires(anonymous: APIClient) -> None:
    tokens = sign_in(anonymous, make_user())

    with time_machine.travel(timezone.now() + timedelta(days=8)):
        response = anonymous.post(
            "/auth/api/token/refresh/", {"refresh": tokens["refresh"]}, format="json"
        )

    assert (response.status_code, response.json()) == (401, REFUSED)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"refresh": REQUIRED}),
        ({"refresh": None}, {"refresh": ["This field may not be null."]}),
        ({"refresh": 5}, {"refresh": NO_TEXT}),
    ],
)
def test_refuses_a_refresh_without_a_token(
    anonymous: APIClient, body: dict[str, object], errors: dict[str, list[str]]
) -> None:
    response = anonymous.post("/auth/api/token/refresh/", body, format="json")

    assert (response.status_code, response.json()) == (400, errors)


@pytest.mark.parametrize("token", ["nonsense", "eyJhbGciOiJub25lIn0.e30.", "oc_a_b"])
def test_refuses_to_refresh_with_a_bad_token(anonymous: APIClient, token: str) -> None:
    response = anonymous.post("/auth/api/token/refresh/", {"refresh": token}, format="json")

    assert (response.status_code, response.json()) == (401, REFUSED)


# --- Signing out ------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["refresh", "refresh_token", "header"])
def test_logs_out_with_either_token(anonymous: APIClient, by: str) -> None:
    tokens = sign_in(anonymous, make_user())
    signed_in = APIClient()
    signed_in.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
    assert signed_in.get("/auth/api/profile/").status_code == 200

    if by == "header":
        response = signed_in.post("/auth/api/logout/", {}, format="json")
    else:
        body = {by: tokens["refresh"]}
        response = anonymous.post("/auth/api/logout/", body, format="json")

    assert (response.status_code, response.json()) == (
        200,
        {"message": "Logged out successfully"},
    )
    assert signed_in.get("/auth/api/profile/").status_code == 401
    refreshed = anonymous.post(
        "/auth/api/token/refresh/", {"refresh": tokens["refresh"]}, format="json"
    )
    assert refreshed.status_code == 401


def test_logging_out_ends_no_other_session(anonymous: APIClient) -> None:
    user = make_user()
    elsewhere = client_of(user)
    tokens = sign_in(anonymous, user)

    anonymous.post("/auth/api/logout/", {"refresh": tokens["refresh"]}, format="json")

    assert elsewhere.get("/auth/api/profile/").status_code == 200


def test_a_logout_needs_a_token(anonymous: APIClient) -> None:
    response = anonymous.post("/auth/api/logout/", {}, format="json")

    assert (response.status_code, response.json()) == (401, REFUSED)
