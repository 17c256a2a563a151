"""The shop document's chapter on authentication: its examples and its errors, word for word."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.codes import verify_email
from accounts.tests.factories import client_with
from accounts.tests.mailbox import code_sent_to

pytestmark = pytest.mark.django_db

MOMENT = "2025-01-08T10:00:00Z"
REGISTRATION = {
    "email": "user@example.com",
    "username": "testuser",
    "first_name": "Test",
    "last_name": "User",
    "password": "securepassword123",
    "password_confirm": "securepassword123",
    "phone": "+1234567890",
    "address": "123 Main St, City, Country",
}
CREDENTIALS = {"email": "user@example.com", "password": "securepassword123"}
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


@pytest.fixture(autouse=True)
def _documented_moment() -> Iterator[None]:
    """Stop the time at the moment in the examples."""
    with time_machine.travel(MOMENT, tick=False):
        yield


def post(client: APIClient, path: str, body: Any = None) -> Any:
    """Post JSON under `/auth/api`."""
    return client.post(f"/auth/api{path}", body, format="json")


def documented_user() -> dict[str, Any]:
    """Return the documented user with our user's id."""
    return {
        "id": User.objects.get().pk,
        "email": "user@example.com",
        "username": "testuser",
        "first_name": "Test",
        "last_name": "User",
        "phone": "+1234567890",
        "address": "123 Main St, City, Country",
        "profile": {
            "avatar": "",
            "preferences": {},
            "created_at": MOMENT,
            "updated_at": MOMENT,
        },
    }


@pytest.mark.parametrize("slash", ["", "/"])
def test_register_user(anonymous: APIClient, slash: str) -> None:
    response = post(anonymous, f"/register{slash}", REGISTRATION)

    body = response.json()
    tokens = [body.pop("refresh"), body.pop("access")]
    assert response.status_code == 201
    assert body == {
        "user": documented_user(),
        "message": "User registered successfully",
    }
    assert all(map(JWT.fullmatch, tokens))
    assert response["Cache-Control"] == "no-store"


def test_the_tokens_of_a_registration_work(anonymous: APIClient) -> None:
    body = post(anonymous, "/register/", REGISTRATION).json()

    profile = client_with(body["access"]).get("/auth/api/profile/")
    refreshed = post(anonymous, "/token/refresh/", {"refresh": body["refresh"]})

    assert (profile.status_code, profile.json()) == (200, documented_user())
    assert refreshed.status_code == 200


@pytest.mark.parametrize("slash", ["", "/"])
def test_login(anonymous: APIClient, slash: str) -> None:
    post(anonymous, "/register/", REGISTRATION)

    response = post(anonymous, f"/token{slash}", CREDENTIALS)

    body = response.json()
    assert response.status_code == 200
    assert list(body) == ["refresh", "access", "user_id"]
    assert body.pop("user_id") == documented_user()["id"]
    assert all(map(JWT.fullmatch, body.values()))
    assert response["Cache-Control"] == "no-store"


def test_an_error_is_a_sentence(anonymous: APIClient) -> None:
    post(anonymous, "/register/", REGISTRATION)

    response = post(anonymous, "/token/", {**CREDENTIALS, "password": "wrong"})

    assert (response.status_code, response.json()) == (
        401,
        {"error": "Invalid credentials"},
    )
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_validation_error_stands_under_its_field(anonymous: APIClient) -> None:
    response = post(anonymous, "/register/", {**REGISTRATION, "password_confirm": "another one"})

    assert (response.status_code, response.json()) == (
        400,
        {"password_confirm": ["The two passwords do not match."]},
    )
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["user@example.com", "USER@Example.com"])
def test_a_taken_email_is_a_field_error(anonymous: APIClient, email: str) -> None:
    post(anonymous, "/register/", REGISTRATION)

    response = post(anonymous, "/register/", {**REGISTRATION, "email": email, "username": "other"})

    assert (response.status_code, response.json()) == (
        400,
        {"email": ["User with this email already exists"]},
    )
    assert User.objects.count() == 1


@pytest.mark.parametrize("username", ["testuser", "TestUser", " testuser "])
def test_a_taken_username_is_a_field_error(anonymous: APIClient, username: str) -> None:
    post(anonymous, "/register/", REGISTRATION)

    response = post(
        anonymous,
        "/register/",
        {**REGISTRATION, "email": "b@example.com", "username": username},
    )

    assert (response.status_code, response.json()) == (
        400,
        {"username": ["A user with that username already exists."]},
    )
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("get", "/auth/api/profile/", 401, "Could not validate credentials"),
        ("get", "/auth/api/nothing/", 404, "Resource not found"),
        ("get", "/auth/api/token/", 405, 'Method "GET" not allowed.'),
    ],
)
def test_other_errors_are_sentences_too(
    anonymous: APIClient, method: str, path: str, status: int, message: str
) -> None:
    response = getattr(anonymous, method)(path)

    assert (response.status_code, response.json()) == (status, {"error": message})


# --- Where the e-mail must be verified first --------------------------------------------------


def test_registers_without_tokens_if_the_email_must_be_verified(
    anonymous: APIClient, settings: Any
) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True

    response = post(anonymous, "/register/", REGISTRATION)

    assert response.status_code == 201
    assert response.json() == {
        "user": documented_user(),
        "refresh": "",
        "access": "",
        "message": "User registered successfully. We have sent you an e-mail: verify your address "
        "with it, then sign in.",
    }
    refused = post(anonymous, "/token/", CREDENTIALS)
    assert (refused.status_code, refused.json()) == (
        403,
        {"error": "Verify your email address before you sign in."},
    )


def test_signs_in_after_verifying(anonymous: APIClient, settings: Any) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True
    post(anonymous, "/register/", REGISTRATION)

    verify_email(email="user@example.com", code=code_sent_to("user@example.com"))

    assert post(anonymous, "/token/", CREDENTIALS).status_code == 200
