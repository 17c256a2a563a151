"""The envelope document's accounts: its examples, its curl lines, its error codes.

The tests read codes from the e-mails that we send.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import open_session, register_user
from accounts.tests.api.envelope import (
    NO_USER,
    NOTHING,
    WRONG_EMAIL,
    post,
    refusal,
    refused,
)
from accounts.tests.factories import PASSWORD, client_of, make_user
from accounts.tests.mailbox import code_sent_to, link_sent_to

pytestmark = pytest.mark.django_db


REGISTERED_AT = datetime(2025, 11, 7, 13, 18, 43, 934567, tzinfo=UTC)
UPDATED_AT = datetime(2025, 11, 7, 13, 25, 15, 716000, tzinfo=UTC)


@pytest.fixture
def user() -> User:
    """The document's user, registered at the moment in the document."""
    with time_machine.travel(REGISTERED_AT, tick=False):
        return register_user(email="user@example.com", password="password123")


def data_of(user: User, **others: object) -> dict[str, Any]:
    """Return the user as the document shows them."""
    return {
        "userId": str(user.uuid),
        "email": "user@example.com",
        "createdAt": "2025-11-07T13:18:43.934Z",
        "updatedAt": "2025-11-07T13:18:43.934Z",
        **others,
    }


# --- Register (see also test_auth_chain_registration) -----------------------------------------


def test_documented_registration() -> None:
    with time_machine.travel(REGISTERED_AT, tick=False):
        response = post("register", email="user@example.com", password="password123")

    body = response.json()
    assert response.status_code == 201
    assert {name: body[name] for name in ("success", "data", "message")} == {
        "success": True,
        "data": data_of(User.objects.get()),
        "message": "User created successfully",
    }


# --- Login ------------------------------------------------------------------------------------


def test_documented_login(user: User) -> None:
    response = post("login", email="user@example.com", password="password123")

    body = response.json()
    access, refresh = body["data"].pop("accessToken"), body["data"].pop("refreshToken")
    assert response.status_code == 200
    assert body == {
        "success": True,
        "data": data_of(user, tokenType="bearer", expiresIn=900, user_id=user.pk),
        "message": "Login successful",
    }
    assert response["Cache-Control"] == "no-store"
    me = APIClient().get(f"/api/user/{user.uuid}", headers={"Authorization": f"Bearer {access}"})
    assert me.status_code == 200
    assert post("refresh", refresh_token=refresh).status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("user@example.com", "wrong horse"),
        ("user@example.com", "password123 "),
        ("nobody@example.com", "password123"),
    ],
)
def test_documented_refusal_of_a_login(user: User, email: str, password: str) -> None:
    response = post("login", email=email, password=password)

    assert refusal(response) == refused(401, "Invalid credentials", "INVALID_CREDENTIALS")


@pytest.mark.parametrize("field", ["is_active", "deleted_at"])
def test_all_refused_sign_ins_get_the_same_answer(field: str) -> None:
    make_user(email="user@example.com", is_active=False)
    if field == "deleted_at":
        User.objects.update(deleted_at=timezone.now())

    response = post("login", email="user@example.com", password=PASSWORD)

    assert refusal(response) == refused(401, "Invalid credentials", "INVALID_CREDENTIALS")


def test_refuses_an_unverified_user_if_verification_is_required(
    settings: Settings,
) -> None:
    settings.REQUIRE_VERIFIED_EMAIL = True
    make_user(email="user@example.com")
    login = {"email": "user@example.com", "password": PASSWORD}

    early = post("login", **login)
    code = code_sent_to("user@example.com")
    verified = post("verify-email", email="user@example.com", code=code)

    assert refusal(early) == refused(
        403, "Verify your email address before you sign in.", "EMAIL_NOT_VERIFIED"
    )
    assert verified.status_code == 200
    assert post("login", **login).status_code == 200


# --- User data --------------------------------------------------------------------------------


def test_documented_user(user: User) -> None:
    response = client_of(user).get(f"/api/user/{user.uuid}")

    assert response.status_code == 200
    assert response.json() == {"success": True, "data": data_of(user)}


def test_documented_update_of_a_user(user: User) -> None:
    with time_machine.travel(UPDATED_AT, tick=False):
        response = client_of(user).patch(
            f"/api/user/{user.uuid}",
            {"email": "newemail@example.com", "password": "newpassword123"},
        )

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": data_of(
            user,
            email="newemail@example.com",
            updatedAt="2025-11-07T13:25:15.716Z",
        ),
        "message": "User updated successfully",
    }
    login = {"password": "newpassword123"}
    assert post("login", email="newemail@example.com", **login).status_code == 200
    assert post("login", email="user@example.com", **login).status_code == 401


def test_documented_deletion_of_a_user(user: User) -> None:
    client = client_of(user)

    response = client.delete(f"/api/user/{user.uuid}")

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "User deleted successfully",
    }
    assert client.get(f"/api/user/{user.uuid}").status_code == 401
    login = {"email": "user@example.com", "password": "password123"}
    assert post("login", **login).status_code == 401
    assert post("register", **login).status_code == 201


def test_documented_refusals_of_a_user(user: User) -> None:
    make_user(email="taken@example.com")
    client, path = client_of(user), f"/api/user/{user.uuid}"

    assert refusal(client.patch(path, {})) == NOTHING
    assert refusal(client.patch(path, {"email": "TAKEN@example.com"})) == refused(
        409, "Email already in use", "EMAIL_ALREADY_IN_USE"
    )
    assert refusal(client.patch(path, {"email": "nobody"})) == WRONG_EMAIL
    for unknown in (uuid4(), "5cd1ceba", "x" * 36):
        path = f"/api/user/{unknown}"
        assert refusal(client.get(path)) == NO_USER
        assert refusal(client.patch(path, {"email": "a@example.com"})) == NO_USER
        assert refusal(client.delete(path)) == NO_USER
    user.refresh_from_db()
    assert (user.email, user.deleted_at) == ("user@example.com", None)


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_documented_refusal_without_a_token(user: User, method: str) -> None:
    response = getattr(APIClient(), method)(f"/api/user/{user.uuid}")

    status, body = refusal(response)
    assert status == 401
    assert body == {
        "success": False,
        "error": "Missing authorization",
        "errorCode": "UNAUTHORIZED",
        "message": "Authorization header is required. Format: Authorization: Bearer <token>",
    }


def test_a_bad_token_gets_a_different_401_than_no_token(user: User) -> None:
    response = APIClient().get(
        f"/api/user/{user.uuid}",
        headers={"Authorization": "Bearer your_secret_bearer_token_here"},
    )

    assert refusal(response) == refused(401, "Could not validate credentials", "UNAUTHORIZED")


# --- The curl lines ---------------------------------------------------------------------------


def test_the_curl_lines_work_one_after_the_other() -> None:
    email = {"email": "test@example.com"}

    def ok(response: Any, status: int = 200) -> Any:
        assert response.status_code == status, response.content
        assert response.json()["success"] is True
        return response.json()

    ok(post("register", **email, password="password123"), 201)
    verification = code_sent_to("test@example.com")
    ok(post("login", **email, password="password123"))
    ok(post("forgot-password", **email))
    ok(post("send-reset-code", **email))
    code = code_sent_to("test@example.com")
    ok(post("reset-password", **email, code=code, newPassword="newpassword123"))
    ok(post("verify-email", **email, code=verification))
    # Verified users do not need the last three.
    for path in ("resend-verification-code", "resend-confirmation-email"):
        assert post(path, **email).json()["errorCode"] == "EMAIL_ALREADY_VERIFIED"

    User.objects.update(email_verified_at=None)
    ok(post("resend-verification-code", **email))
    ok(post("verify-email", **email, code=code_sent_to("test@example.com")))
    User.objects.update(email_verified_at=None)
    ok(post("resend-confirmation-email", **email))
    link: UUID = link_sent_to("test@example.com")
    ok(post("register-confirmation", uuid=str(link)))

    signed_in = ok(post("login", **email, password="newpassword123"))["data"]
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {signed_in['accessToken']}")
    path = f"/api/user/{signed_in['userId']}"
    ok(client.get(path))
    changed = ok(client.patch(path, {"email": "newemail@example.com"}))
    assert changed["data"]["email"] == "newemail@example.com"
    ok(client.delete(path))


# --- What the document does not say -----------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "login",
        "forgot-password",
        "send-reset-code",
        "reset-password",
        "verify-email",
        "resend-verification-code",
        "register-confirmation",
        "resend-confirmation-email",
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"email": NaN}',
        b'{"email": "\\ud800@example.com"}',
        b'{"email": "user\\u0000@example.com", "uuid": "\\u0000"}',
        b'{"email": ["user@example.com"], "uuid": ["a"]}',
        b'{"email": {"$ne": ""}, "uuid": {}}',
        b'{"email": 1, "uuid": 1}',
        b'{"email": "user@example.com", "password": 12345678, "code": 123456, "uuid": true}',
        b'{"email": "user@example.com", "nonsense": 1, "uuid": "x"}',
        b"[" * 100_000,
    ],
)
def test_hostile_bodies_get_a_400_with_a_readable_body(user: User, path: str, body: bytes) -> None:
    response = APIClient().post(f"/api/auth/{path}", body, content_type="application/json")

    status, refused_body = refusal(response)
    assert status == 400, response.content
    assert refused_body["success"] is False
    assert refused_body["error"]
    assert refused_body["errorCode"] in {"VALIDATION_FAILED", "MISSING_REQUIRED_FIELD"}


def test_each_path_answers_with_and_without_its_slash(user: User) -> None:
    client = client_of(user)

    assert client.get(f"/api/user/{user.uuid}/").status_code == 200
    for path in ("login", "login/"):
        response = post(path, email="user@example.com", password="password123")
        assert response.status_code == 200


def test_a_session_of_another_surface_works_here(user: User) -> None:
    token = open_session(user=user).access

    response = APIClient().get(
        f"/api/user/{user.uuid}", headers={"Authorization": f"bearer {token}"}
    )

    assert response.status_code == 200
