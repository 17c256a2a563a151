"""`/api/v1/auth/` beyond its document's examples: reading and changing one's user, and refusals."""

from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core.cache import caches
from rest_framework.test import APIClient

from accounts.models import OutgoingEmail, Session, User
from accounts.services import deactivate_user
from accounts.tests.factories import (
    PASSWORD,
    client_of,
    client_with,
    make_api_token,
    make_user,
    token_of,
)

pytestmark = pytest.mark.django_db

ME = "/api/v1/auth/me"
REQUIRED = ["This field is required."]
NO_TEXT = ["Not a valid string."]
UNKNOWN = ["There is no such field."]


def post(client: APIClient, path: str, body: Any = None) -> Any:
    """Post JSON under `/api/v1/auth`."""
    return client.post(f"/api/v1/auth{path}", body, format="json")


def refusal(response: Any) -> tuple[int, str, Any]:
    """Return the status, the code, and what is wrong by field."""
    body = response.json()
    return response.status_code, body["code"], body.get("errors")


# --- Registering ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "first", "last", "shown"),
    [
        ("John Doe", "John", "Doe", "John Doe"),
        ("  John \t van\u00a0der\n Doe ", "John", "van der Doe", "John van der Doe"),
        ("Cher", "Cher", "", "Cher"),
        ("", "", "", ""),
        ("   ", "", "", ""),
        ("\u738b\u5c0f\u660e", "\u738b\u5c0f\u660e", "", "\u738b\u5c0f\u660e"),
        (f"{'a' * 150} {'b' * 150}", "a" * 150, "b" * 150, f"{'a' * 150} {'b' * 150}"),
    ],
)
def test_a_name_is_split_into_first_and_last_name(
    anonymous: APIClient, name: str, first: str, last: str, shown: str
) -> None:
    response = post(
        anonymous,
        "/register",
        {"email": "user@example.com", "password": PASSWORD, "name": name},
    )

    user = User.objects.get()
    assert response.status_code == 201
    assert (user.first_name, user.last_name) == (first, last)
    assert response.json()["name"] == shown


def test_a_name_may_be_left_out(anonymous: APIClient) -> None:
    response = post(anonymous, "/register", {"email": "user@example.com", "password": PASSWORD})

    assert response.status_code == 201
    assert response.json()["name"] == ""


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"email": REQUIRED, "password": REQUIRED}),
        (
            {"email": "no e-mail", "password": "short"},
            {
                "email": ["Invalid email address"],
                "password": [
                    "This password is too short. It must contain at least 8 characters."
                ],
            },
        ),
        (
            {"email": 5, "password": PASSWORD},
            {"email": ["Invalid email address"]},
        ),
        ({"email": "user@example.com", "password": 12345678}, {"password": NO_TEXT}),
        (
            {"email": "user@example.com", "password": PASSWORD, "name": ["John"]},
            {"name": NO_TEXT},
        ),
        (
            {"email": "user@example.com", "password": PASSWORD, "name": "a" * 151},
            {"name": ["First and last name may each have 150 characters."]},
        ),
        (
            {"email": "user@example.com", "password": PASSWORD, "name": "a\x00"},
            {"name": ["Null characters are not allowed."]},
        ),
        (
            {"email": "user@example.com", "password": "JohnathanDoe", "name": "Johnathan Doe"},
            {"password": ["The password is too similar to the first name."]},
        ),
        (
            {"email": "user@example.com", "password": PASSWORD, "role": "admin"},
            {"role": UNKNOWN},
        ),
        (
            {"email": "user@example.com", "password": PASSWORD, "is_staff": True},
            {"is_staff": UNKNOWN},
        ),
    ],
)  # fmt: skip
def test_refuses_to_register_and_says_why(
    anonymous: APIClient, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    response = post(anonymous, "/register", body)

    assert refusal(response) == (422, "VALIDATION_ERROR", errors)
    assert not User.objects.exists()


@pytest.mark.parametrize("path", ["/register", "/login", "/refresh", "/tokens"])
@pytest.mark.parametrize("body", [[], "text", 5, None, [{"email": "a@b.example"}]])
def test_refuses_a_body_that_is_not_an_object(path: str, body: Any) -> None:
    client = client_of(make_user())

    response = post(client, path, body)

    assert response.status_code == 422
    assert set(response.json()) == {"detail", "code", "timestamp", "errors"}


# --- Signing in -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("user@example.com", "wrong horse"),
        ("nobody@example.com", PASSWORD),
        ("inactive@example.com", PASSWORD),
        ("not an e-mail", PASSWORD),
    ],
)
def test_a_refused_sign_in_does_not_say_why(
    anonymous: APIClient, email: str, password: str
) -> None:
    make_user(email="user@example.com")
    deactivate_user(user=make_user(email="inactive@example.com"))

    response = post(anonymous, "/login", {"email": email, "password": password})

    assert refusal(response) == (401, "INVALID_CREDENTIALS", None)
    assert response.json()["detail"] == "Invalid credentials"
    assert not Session.objects.exists()


def test_unverified_users_get_no_tokens_if_verification_is_required(
    anonymous: APIClient, settings: Any
) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True
    make_user(email="user@example.com", email_verified_at=None)

    response = post(anonymous, "/login", {"email": "user@example.com", "password": PASSWORD})

    assert refusal(response) == (403, "EMAIL_NOT_VERIFIED", None)
    assert not Session.objects.exists()


@pytest.mark.parametrize("path", ["/login", "/refresh"])
def test_expires_in_follows_the_settings_and_the_answer_is_not_cached(
    anonymous: APIClient, settings: Any, path: str
) -> None:
    settings.ACCESS_TOKEN_EXPIRE_MINUTES = 7
    make_user(email="user@example.com")
    response = post(anonymous, "/login", {"email": "user@example.com", "password": PASSWORD})

    if path == "/refresh":
        token = response.json()["refresh_token"]
        response = post(anonymous, "/refresh", {"refresh": token})

    assert response.json()["expires_in"] == 420
    assert response["Cache-Control"] == "no-store"
    assert response["Pragma"] == "no-cache"


def test_a_used_refresh_token_is_refused(anonymous: APIClient) -> None:
    user = make_user()
    old = post(anonymous, "/login", {"email": user.email, "password": PASSWORD}).json()
    post(anonymous, "/refresh", {"refresh_token": old["refresh_token"]})

    again = post(anonymous, "/refresh", {"refresh_token": old["refresh_token"]})
    wrong_kind = post(anonymous, "/refresh", {"refresh_token": old["access_token"]})
    api_token = post(anonymous, "/refresh", {"refresh_token": make_api_token(user)[1]})

    for response in (again, wrong_kind, api_token):
        assert refusal(response) == (401, "UNAUTHENTICATED", None)


def test_an_access_token_of_one_surface_works_on_every_other() -> None:
    user = make_user()
    client = APIClient()
    hub = post(client, "/login", {"email": user.email, "password": PASSWORD}).json()

    assert client_with(hub["access_token"]).get("/api/orders/").status_code == 200
    assert client_of(user).get(ME).status_code == 200


# --- Signing out ------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", ["header", "refresh_token", "refresh"])
def test_logs_out_with_either_token(anonymous: APIClient, shown: str) -> None:
    user = make_user()
    pair = post(anonymous, "/login", {"email": user.email, "password": PASSWORD}).json()
    client = client_with(pair["access_token"])

    if shown == "header":
        response = post(client, "/logout")
    else:
        response = post(anonymous, "/logout", {shown: pair["refresh_token"]})

    assert (response.status_code, response.content) == (204, b"")
    assert Session.objects.get().end_reason == "logged_out"
    assert refusal(client.get(ME))[0] == 401
    refreshing = post(anonymous, "/refresh", {"refresh_token": pair["refresh_token"]})
    assert refusal(refreshing)[0] == 401


def test_logging_out_without_a_session_is_refused(anonymous: APIClient) -> None:
    user = make_user()
    token, text = make_api_token(user, "account:write")

    assert refusal(post(anonymous, "/logout"))[:2] == (401, "UNAUTHENTICATED")
    assert refusal(post(client_with(text), "/logout"))[:2] == (401, "UNAUTHENTICATED")
    assert refusal(post(anonymous, "/logout", {"refresh_token": 5})) == (
        422,
        "VALIDATION_ERROR",
        {"refresh_token": NO_TEXT},
    )
    token.refresh_from_db()
    assert token.is_open


# --- The signed-in user -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "role"),
    [
        ({}, "user"),
        ({"is_staff": True}, "staff"),
        ({"is_staff": True, "is_superuser": True}, "admin"),
        ({"is_superuser": True}, "admin"),
    ],
)
def test_the_role_is_the_users_highest(flags: dict[str, bool], role: str) -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).update(**flags)

    assert client_of(user).get(ME).json()["role"] == role


def test_changes_the_given_fields_and_leaves_the_others() -> None:
    user = make_user(first_name="John", last_name="Doe", phone="1", address="Here")
    client = client_of(user)

    response = client.patch(ME, {"name": "Jane van der Doe", "phone": "+1 234 567"})

    assert response.status_code == 200
    assert response.json() == client.get(ME).json()
    assert response.json() == {
        "id": str(user.uuid),
        "email": user.email,
        "name": "Jane van der Doe",
        "role": "user",
        "is_active": True,
        "created_at": f"{user.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "phone": "+1 234 567",
        "address": "Here",
        "email_verified": user.email_verified_at is not None,
    }


def test_sending_back_unchanged_fields_changes_nothing() -> None:
    user = make_user(first_name="John", last_name="Doe", phone="1", address="Here")
    client = client_of(user)
    read = client.get(ME).json()

    response = client.patch(ME, read)

    assert (response.status_code, response.json()) == (200, read)
    assert client.patch(ME, {}).json() == read


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"is_staff": True}, {"is_staff": UNKNOWN}),
        ({"is_superuser": True}, {"is_superuser": UNKNOWN}),
        ({"username": "admin"}, {"username": UNKNOWN}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"name": 5}, {"name": NO_TEXT}),
        ({"phone": "1" * 33}, {"phone": ["Ensure this field has no more than 32 characters."]}),
        (
            {"address": "x" * 1001},
            {"address": ["Ensure this field has no more than 1000 characters."]},
        ),
        ({"phone": "\x00"}, {"phone": ["Null characters are not allowed."]}),
        ({"email": ""}, {"email": ["This field may not be blank."]}),
        (
            {"email": "no e-mail", "current_password": PASSWORD},
            {"email": ["Invalid email address"]},
        ),
        (
            {"password": "short", "current_password": PASSWORD},
            {"password": ["This password is too short. It must contain at least 8 characters."]},
        ),
    ],
)  # fmt: skip
def test_refuses_changes_and_says_why(
    changes: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    user = make_user(first_name="John")
    client = client_of(user)

    response = client.patch(ME, {"name": "Jane", **changes})

    assert refusal(response) == (422, "VALIDATION_ERROR", errors)
    user.refresh_from_db()
    assert user.first_name == "John"
    assert client.get(ME).status_code == 200


def test_role_and_state_are_read_only() -> None:
    user = make_user()

    response = client_of(user).patch(
        ME, {"role": "admin", "is_active": False, "id": "0", "email_verified": True}
    )

    assert response.status_code == 422
    words = ["This field is read-only."]
    assert response.json()["errors"] == {"role": words, "is_active": words, "id": words}
    user.refresh_from_db()
    assert (user.role, user.is_active) == ("user", True)


# --- E-mail and password ----------------------------------------------------------------------

CHANGES: dict[str, dict[str, str]] = {
    "e-mail": {"email": "other@example.com"},
    "password": {"password": "another horse"},
    "both": {"email": "other@example.com", "password": "another horse"},
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize(
    ("current", "words"),
    [
        ({}, "A new e-mail or password requires the current password."),
        ({"current_password": "wrong horse"}, "This is not your password."),
        ({"current_password": PASSWORD + " "}, "This is not your password."),
        ({"current_password": "another horse"}, "This is not your password."),
    ],
)
def test_a_new_email_or_password_needs_the_current_password(
    what: str, current: dict[str, str], words: str
) -> None:
    user = make_user(email="user@example.com")
    client = client_of(user)

    response = client.patch(ME, {**CHANGES[what], "name": "Eve", **current})

    assert refusal(response) == (
        422,
        "VALIDATION_ERROR",
        {"current_password": [words]},
    )
    user.refresh_from_db()
    assert (user.email, user.name) == ("user@example.com", "")
    assert check_password(PASSWORD, user.password)
    assert client.get(ME).status_code == 200


def test_another_email_has_to_be_verified() -> None:
    user = make_user(email="user@example.com")
    client = client_of(user)

    response = client.patch(ME, {"email": "Other@EXAMPLE.com", "current_password": PASSWORD})

    assert response.status_code == 200
    assert response.json()["email"] == "Other@example.com"
    assert response.json()["email_verified"] is False
    assert client.get(ME).json() == response.json()


def test_notices_of_a_new_email_and_password_go_to_the_old_address() -> None:
    user = make_user(email="user@example.com")
    OutgoingEmail.objects.all().delete()

    client_of(user).patch(ME, {**CHANGES["both"], "current_password": PASSWORD})

    assert set(OutgoingEmail.objects.values_list("kind", "recipient")) == {
        ("password_changed", "user@example.com"),
        ("email_changed", "user@example.com"),
        ("verify_email", "other@example.com"),
    }


def test_refuses_a_password_like_the_name_in_the_same_change() -> None:
    user = make_user()

    response = client_of(user).patch(
        ME,
        {
            "name": "Johnathan Doe",
            "password": "JohnathanDoe",
            "current_password": PASSWORD,
        },
    )

    assert refusal(response)[2] == {"password": ["The password is too similar to the first name."]}
    user.refresh_from_db()
    assert user.name == ""


def test_refuses_a_taken_email_and_changes_nothing() -> None:
    make_user(email="taken@example.com")
    user = make_user(email="user@example.com")

    response = client_of(user).patch(
        ME,
        {
            "email": "TAKEN@example.com",
            "password": "another horse",
            "current_password": PASSWORD,
            "name": "Jane",
        },
    )

    assert refusal(response)[:2] == (409, "EMAIL_ALREADY_IN_USE")
    user.refresh_from_db()
    assert (user.email, user.name) == ("user@example.com", "")
    assert check_password(PASSWORD, user.password)


def test_a_new_password_ends_every_session_but_no_api_token() -> None:
    user = make_user(email="user@example.com")
    client, elsewhere = client_of(user), client_of(user)
    program = client_with(make_api_token(user, "account:read")[1])

    response = client.patch(ME, {"password": "another horse", "current_password": PASSWORD})

    assert response.status_code == 200
    assert "password" not in response.content.decode()
    assert client.get(ME).status_code == 401
    assert elsewhere.get(ME).status_code == 401
    assert program.get(ME).status_code == 200
    credentials = {"email": "user@example.com", "password": "another horse"}
    assert post(APIClient(), "/login", credentials).status_code == 200


def test_an_api_token_may_change_the_account_only_with_the_password() -> None:
    user = make_user()
    program = client_with(make_api_token(user, "account:write")[1])

    named = program.patch(ME, {"name": "Jane"})
    unproven = program.patch(ME, {"password": "another horse"})
    proven = program.patch(ME, {"password": "another horse", "current_password": PASSWORD})

    assert named.json()["name"] == "Jane"
    assert refusal(unproven)[0] == 422
    assert proven.status_code == 200


def test_guesses_at_the_current_password_are_limited(settings: Any) -> None:
    caches["limits"].clear()
    settings.RATE_LIMIT_AUTH = "5/h"
    client = client_with(token_of(make_user()))

    tries = [
        client.patch(
            ME, {"password": "another horse", "current_password": f"guess {number}"}
        ).status_code
        for number in range(7)
    ]

    assert tries == [422] * 5 + [429] * 2
    assert client.patch(ME, {"name": "Jane"}).status_code == 200
