"""`/api/auth/` from sign-in to logout: the documents' examples, and what they leave open."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.services import deactivate_user
from accounts.tests.api.calls import register, tokens_of
from accounts.tests.factories import PASSWORD, client_of, make_user

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
REFUSED = {"detail": "Could not validate credentials"}


# --- Token ------------------------------------------------------------------------------------


def assert_is_token_answer(response: HttpResponse) -> None:
    """Check the documented fields of the body, and those that we added."""
    body = response.json()  # type: ignore[attr-defined]
    assert response.status_code == 200
    assert set(body) == {*("access_token", "token_type", "refresh_token", "expires_in", "user_id")}
    assert body["user_id"] == User.objects.get().pk
    assert (body["token_type"], body["expires_in"]) == ("bearer", 900)
    assert re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", body["access_token"])
    assert response["Cache-Control"] == "no-store"


def test_documented_sign_in(anonymous: APIClient) -> None:
    register(anonymous, email="user@example.com", password="securepassword")

    response = anonymous.post(
        "/api/auth/token",
        {"username": "user@example.com", "password": "securepassword"},
        format="json",
    )

    assert_is_token_answer(response)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (
            '{"email": "user@example.com", "password": "correct horse"}',
            "application/json",
        ),
        (
            '{"username": " USER@Example.com ", "password": "correct horse"}',
            "application/json",
        ),
        ("username=user@example.com&password=correct+horse", FORM),
        (
            "grant_type=password&username=user%40example.com&password=correct%20horse"
            "&scope=&client_id=string",
            FORM,
        ),
        (
            "email=user@example.com&password=correct+horse&grant_type=",
            f"{FORM}; charset=utf-8",
        ),
    ],
)
def test_signs_in_with_json_and_with_a_form(
    anonymous: APIClient, body: str, content_type: str
) -> None:
    make_user(email="user@example.com")

    for path in ("/api/auth/token", "/api/auth/token/"):
        assert_is_token_answer(anonymous.post(path, body, content_type=content_type))


def test_remembers_where_a_session_comes_from(anonymous: APIClient) -> None:
    user = make_user()

    anonymous.post(
        "/api/auth/token",
        {"username": user.email, "password": PASSWORD},
        format="json",
        HTTP_USER_AGENT="curl/8.0" + "x" * 400,
        REMOTE_ADDR="fe80::1%eth0",
    )

    session = Session.objects.get()
    user.refresh_from_db()
    assert (session.user, session.ip_address) == (user, "fe80::1")
    assert session.user_agent == ("curl/8.0" + "x" * 400)[:255]
    assert user.last_login is not None


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("user@example.com", "wrong horse"),
        ("user@example.com", "CORRECT HORSE"),
        ("nobody@example.com", PASSWORD),
        ("not an e-mail", PASSWORD),
        ("inactive@example.com", PASSWORD),
        ("user@example.com", "x" * 100_000),
        ("x" * 100_000, PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ],
)
def test_a_refused_sign_in_does_not_say_why(
    anonymous: APIClient, email: str, password: str
) -> None:
    make_user(email="user@example.com")
    deactivate_user(user=make_user(email="inactive@example.com"))

    response = anonymous.post(
        "/api/auth/token", {"username": email, "password": password}, format="json"
    )

    assert (response.status_code, response.json()) == (401, REFUSED)
    assert response["WWW-Authenticate"] == "Bearer"
    assert not Session.objects.exists()


REQUIRED = ["This field is required."]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"username": REQUIRED, "password": REQUIRED}),
        ({"username": "user@example.com"}, {"password": REQUIRED}),
        ({"password": PASSWORD}, {"username": REQUIRED}),
        (
            {"username": None, "password": PASSWORD},
            {"username": ["This field may not be null."]},
        ),
        ({"username": 5, "password": PASSWORD}, {"username": ["Not a valid string."]}),
        (
            {"username": "a\x00", "password": PASSWORD},
            {"username": ["Null characters are not allowed."]},
        ),
        (
            {"username": "a", "password": PASSWORD, "grant_type": "implicit"},
            {"grant_type": ['"implicit" is not one of password.']},
        ),
    ],
)
def test_refuses_incomplete_credentials(
    anonymous: APIClient, body: dict[str, object], errors: dict[str, list[str]]
) -> None:
    response = anonymous.post("/api/auth/token", body, format="json")

    assert response.status_code == 400
    assert response.json() == {
        "detail": "Invalid request data",
        "code": "invalid",
        "errors": errors,
    }


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("token", "email=&password=abc", "email"),
        ("token", "username=&email=&password=abc", "email"),
        ("refresh", "refresh=", "refresh"),
    ],
)
def test_an_empty_field_of_a_form_counts_as_missing(
    anonymous: APIClient, path: str, form: str, field: str
) -> None:
    response = anonymous.post(f"/api/auth/{path}", form, content_type=FORM)

    assert response.status_code == 400
    assert response.json()["errors"] == {field: ["This field may not be blank."]}


def test_an_empty_field_of_a_form_is_ignored_if_the_other_name_has_a_value(
    anonymous: APIClient,
) -> None:
    register(anonymous, email="user@example.com", password=PASSWORD)
    form = "username=user@example.com&email=&password=correct+horse"

    response = anonymous.post("/api/auth/token", form, content_type=FORM)

    assert response.status_code == 200


# --- Refresh ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["refresh_token", "refresh"])
@pytest.mark.parametrize("encoding", ["json", "form"])
def test_refreshes(anonymous: APIClient, name: str, encoding: str) -> None:
    token = tokens_of(anonymous, make_user())["refresh_token"]

    if encoding == "json":
        response = anonymous.post("/api/auth/refresh", {name: token}, format="json")
    else:
        response = anonymous.post("/api/auth/refresh", f"{name}={token}", content_type=FORM)

    assert_is_token_answer(response)
    assert response.json()["refresh_token"] != token
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"refresh_token": ""}, 400),
        ({"refresh": 5}, 400),
        ({"refresh": "x"}, 401),
    ],
)
def test_refuses_to_refresh(anonymous: APIClient, body: dict[str, object], status: int) -> None:
    response = anonymous.post("/api/auth/refresh", body, format="json")

    assert response.status_code == status
    if status == 401:
        assert response.json() == REFUSED
        assert response["WWW-Authenticate"] == "Bearer"


# --- Log out ----------------------------------------------------------------------------------


@pytest.mark.parametrize("means", ["refresh_token", "refresh", "form", "header", "both"])
def test_logs_out(anonymous: APIClient, means: str) -> None:
    pair = tokens_of(anonymous, make_user())
    body: Any = {means: pair["refresh_token"]} if means.startswith("refresh") else {}
    if means in {"header", "both"}:
        anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access_token']}")
    if means == "both":
        body = {"refresh_token": pair["refresh_token"]}

    if means == "form":
        response = anonymous.post(
            "/api/auth/logout",
            f"refresh_token={pair['refresh_token']}",
            content_type=FORM,
        )
    else:
        response = anonymous.post("/api/auth/logout", body, format="json")

    assert (response.status_code, response.json()) == (
        200,
        {"message": "Logged out successfully"},
    )
    assert Session.objects.get().end_reason == "logged_out"
    again = anonymous.post("/api/auth/refresh", {"refresh": pair["refresh_token"]}, format="json")
    assert (again.status_code, again.json()) == (401, REFUSED)


def test_logs_out_without_a_body() -> None:
    client = client_of(make_user())

    assert client.post("/api/auth/logout").status_code == 200
    assert client.post("/api/auth/logout").status_code == 401


def test_logs_out_only_of_this_session(anonymous: APIClient) -> None:
    user = make_user()
    here, there = tokens_of(anonymous, user), tokens_of(anonymous, user)

    anonymous.post("/api/auth/logout", {"refresh": here["refresh_token"]}, format="json")

    response = anonymous.post(
        "/api/auth/refresh", {"refresh": there["refresh_token"]}, format="json"
    )
    assert response.status_code == 200


def test_refuses_a_logout_without_a_token(anonymous: APIClient) -> None:
    response = anonymous.post("/api/auth/logout", {}, format="json")

    assert (response.status_code, response.json()) == (401, REFUSED)


# --- Malformed bodies -------------------------------------------------------------------------


PATHS = ["register", "token", "refresh", "logout"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"email": "\\ud800"}', "application/json", 400),
        (b'{"email": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b"null", "application/json", 400),
        (b"<xml/>", "text/xml", 415),
        (b"x" * 2_000_000, "application/json", 413),
        (b"a=1&" * 6_000, FORM, 413),
        (b"username=%ff%00&password=%00&refresh=%00", FORM, 400),
    ],
)
def test_hostile_bodies_are_refused_with_a_readable_body(
    anonymous: APIClient, path: str, body: bytes, content_type: str, status: int
) -> None:
    response = anonymous.post(f"/api/auth/{path}", body, content_type=content_type)

    if path == "register" and content_type == FORM:
        status = 415
    assert response.status_code == status
    assert response.json()["detail"]
    assert not User.objects.exists()


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_refused(anonymous: APIClient, path: str) -> None:
    response = anonymous.get(f"/api/auth/{path}")

    assert response.status_code == 405
    assert response["Allow"] == "POST, OPTIONS"
