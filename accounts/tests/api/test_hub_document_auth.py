"""The hub document's chapter on authentication: its examples and its errors, word for word.

`expires_in` is 900 there: the default lifetime of an access token in seconds.
"""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import client_with

pytestmark = pytest.mark.django_db

MOMENT = "2025-01-12T10:00:00Z"
REGISTRATION = {
    "email": "user@example.com",
    "password": "SecurePass123",
    "name": "John Doe",
}
CREDENTIALS = {"email": "user@example.com", "password": "SecurePass123"}


@pytest.fixture(autouse=True)
def _documented_moment() -> Iterator[None]:
    """Stop the time at the moment in the examples."""
    with time_machine.travel(MOMENT, tick=False):
        yield


def post(client: APIClient, path: str, body: Any = None) -> Any:
    """Post JSON under `/api/v1/auth`."""
    return client.post(f"/api/v1/auth{path}", body, format="json")


def documented_user() -> dict[str, Any]:
    """Return the documented user with our user's id."""
    return {
        "id": str(User.objects.get().uuid),
        "email": "user@example.com",
        "name": "John Doe",
        "role": "user",
        "is_active": True,
        "created_at": MOMENT,
    }


@pytest.mark.parametrize("slash", ["", "/"])
def test_register_user(anonymous: APIClient, slash: str) -> None:
    response = post(anonymous, f"/register{slash}", REGISTRATION)

    assert (response.status_code, response.json()) == (201, documented_user())
    assert UUID(response.json()["id"]).version == 4


@pytest.mark.parametrize("slash", ["", "/"])
def test_login(anonymous: APIClient, slash: str) -> None:
    post(anonymous, "/register", REGISTRATION)

    response = post(anonymous, f"/login{slash}", CREDENTIALS)

    body = response.json()
    assert response.status_code == 200
    assert list(body) == [*("access_token", "refresh_token", "token_type", "expires_in", "user_id")]
    assert body["user_id"] == User.objects.get().pk
    assert re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", body["access_token"])
    assert re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", body["refresh_token"])
    assert (body["token_type"], body["expires_in"]) == ("bearer", 900)


@pytest.mark.parametrize("slash", ["", "/"])
def test_refresh_token(anonymous: APIClient, slash: str) -> None:
    post(anonymous, "/register", REGISTRATION)
    old = post(anonymous, "/login", CREDENTIALS).json()

    response = post(anonymous, f"/refresh{slash}", {"refresh_token": old["refresh_token"]})

    new = response.json()
    assert response.status_code == 200
    assert new.keys() == old.keys()
    assert new["user_id"] == old["user_id"] == User.objects.get().pk
    assert new["refresh_token"] != old["refresh_token"]
    assert client_with(new["access_token"]).get("/api/v1/auth/me").status_code == 200


@pytest.mark.parametrize("slash", ["", "/"])
def test_get_current_user(anonymous: APIClient, slash: str) -> None:
    post(anonymous, "/register", REGISTRATION)
    token = post(anonymous, "/login", CREDENTIALS).json()["access_token"]

    response = client_with(token).get(f"/api/v1/auth/me{slash}")

    assert response.status_code == 200
    assert response.json() == {
        **documented_user(),
        "phone": "",
        "address": "",
        "email_verified": False,
    }


# --- Errors -----------------------------------------------------------------------------------


def test_standard_error_format(anonymous: APIClient) -> None:
    response = anonymous.get("/api/v1/auth/me")

    assert (response.status_code, response.json()) == (
        401,
        {
            "detail": "Could not validate credentials",
            "code": "MISSING_AUTHORIZATION",
            "timestamp": MOMENT,
        },
    )
    assert response["WWW-Authenticate"] == "Bearer"


def test_400_is_an_unreadable_body(anonymous: APIClient) -> None:
    response = anonymous.post("/api/v1/auth/login", '{"email": ', content_type="application/json")

    body = response.json()
    assert response.status_code == 400
    assert (body["detail"], body["code"]) == (
        "The body cannot be read.",
        "UNREADABLE",
    )
    assert list(body["errors"]) == ["body"]


def test_401_is_a_token_or_a_password_that_is_not_valid(anonymous: APIClient) -> None:
    post(anonymous, "/register", REGISTRATION)

    token = client_with("garbage").get("/api/v1/auth/me")
    password = post(anonymous, "/login", {**CREDENTIALS, "password": "Wrong"})

    assert (token.status_code, token.json()) == (
        401,
        {
            "detail": "Could not validate credentials",
            "code": "UNAUTHENTICATED",
            "timestamp": MOMENT,
        },
    )
    assert (password.status_code, password.json()) == (
        401,
        {
            "detail": "Invalid credentials",
            "code": "INVALID_CREDENTIALS",
            "timestamp": MOMENT,
        },
    )


def test_404_is_a_missing_thing(anonymous: APIClient) -> None:
    response = anonymous.get("/api/v1/auth/nothing")

    assert (response.status_code, response.json()) == (
        404,
        {
            "detail": "Resource not found",
            "code": "NOT_FOUND",
            "timestamp": MOMENT,
        },
    )


def test_409_is_a_taken_email(anonymous: APIClient) -> None:
    post(anonymous, "/register", REGISTRATION)

    response = post(anonymous, "/register", {**REGISTRATION, "email": "USER@Example.com"})

    assert (response.status_code, response.json()) == (
        409,
        {
            "detail": "User with this email already exists",
            "code": "USER_ALREADY_EXISTS",
            "timestamp": MOMENT,
        },
    )
    assert User.objects.count() == 1


def test_422_names_the_invalid_fields(anonymous: APIClient) -> None:
    response = post(anonymous, "/register", {"email": "user@example.com"})

    assert (response.status_code, response.json()) == (
        422,
        {
            "detail": "The input is not valid.",
            "code": "VALIDATION_ERROR",
            "timestamp": MOMENT,
            "errors": {"password": ["This field is required."]},
        },
    )
