"""The envelope document's accounts: its examples, its curl lines, its error codes.

The tests read codes from the e-mails that we send.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import open_session, register_user
from accounts.tests.factories import PASSWORD, client_of, make_user
from accounts.tests.mailbox import code_sent_to, emails_to, link_sent_to, send_due
from orderchainer.core.moments import milliseconds

pytestmark = pytest.mark.django_db

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

REGISTERED_AT = datetime(2025, 11, 7, 13, 18, 43, 934567, tzinfo=UTC)
UPDATED_AT = datetime(2025, 11, 7, 13, 25, 15, 716000, tzinfo=UTC)


def post(path: str, **body: Any) -> Any:
    """Post to an endpoint without a token."""
    return APIClient().post(f"/api/auth/{path}", body)


def refusal(response: Any) -> tuple[int, dict[str, Any]]:
    """Return status and body without the timestamp, of which we only check that it exists."""
    body = response.json()
    assert MOMENT.fullmatch(body.pop("timestamp"))
    return response.status_code, body


def refused(status: int, error: str, code: str) -> tuple[int, dict[str, Any]]:
    return status, {"success": False, "error": error, "errorCode": code}


WRONG_EMAIL = refused(400, "Invalid email address", "VALIDATION_FAILED")
NO_USER = refused(404, "User not found", "USER_NOT_FOUND")
NOTHING = refused(400, "At least one field must be provided for update", "MISSING_REQUIRED_FIELD")


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


# --- Forgot password, send reset code, reset password -----------------------------------------


@pytest.mark.parametrize("path", ["forgot-password", "send-reset-code"])
def test_documented_request_for_a_reset_code(user: User, path: str) -> None:
    with time_machine.travel(datetime(2025, 11, 7, 13, 18, 21, 568000, tzinfo=UTC)):
        response = post(path, email="user@example.com")

    body = response.json()
    assert response.status_code == 200
    assert body.pop("data")["expiresAt"].startswith("2025-11-07T13:33:21.")
    assert body == {"success": True, "message": "Reset code sent to email"}


@pytest.mark.parametrize("path", ["forgot-password", "send-reset-code"])
def test_documented_refusals_of_a_request_for_a_reset_code(path: str) -> None:
    assert refusal(post(path, email="nobody@example.com")) == NO_USER
    assert refusal(post(path, email="nobody")) == WRONG_EMAIL


@pytest.mark.parametrize("path", ["forgot-password", "send-reset-code"])
def test_a_password_is_reset_with_the_code_of_the_email(user: User, path: str) -> None:
    old = client_of(user)
    post(path, email="user@example.com")

    response = post(
        "reset-password",
        email="user@example.com",
        code=code_sent_to("user@example.com"),
        newPassword="newpassword123",
    )

    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "message": "Password reset successfully",
    }
    login = {"email": "user@example.com"}
    assert post("login", **login, password="password123").status_code == 401
    assert post("login", **login, password="newpassword123").status_code == 200
    assert old.get(f"/api/user/{user.uuid}").status_code == 401
    assert emails_to("user@example.com")[-1].subject == "Your password was changed"


def reset(code: str, **changes: str) -> Any:
    """Try to reset the password of the document's user."""
    body = {"email": "user@example.com", "newPassword": "newpassword123", **changes}
    return post("reset-password", code=code, **body)


def wrong(code: str) -> str:
    """Return another code than this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_documented_refusals_of_a_reset(user: User) -> None:
    assert refusal(reset("123456")) == refused(
        404, "No reset code found for this email", "RESET_CODE_NOT_FOUND"
    )
    assert refusal(reset("123456", email="nobody@example.com")) == NO_USER

    with time_machine.travel(timezone.now(), tick=False) as clock:
        post("forgot-password", email="user@example.com")
        code = code_sent_to("user@example.com")
        assert refusal(reset(wrong(code))) == refused(
            400, "Invalid reset code", "INVALID_RESET_CODE"
        )
        clock.shift(timedelta(minutes=15))
        assert refusal(reset(code)) == refused(400, "Reset code has expired", "RESET_CODE_EXPIRED")

    user.refresh_from_db()
    assert user.check_password("password123")


def test_only_the_newest_code_works_and_only_once(user: User) -> None:
    post("forgot-password", email="user@example.com")
    first = code_sent_to("user@example.com")
    post("send-reset-code", email="user@example.com")
    second = code_sent_to("user@example.com")

    if first != second:  # once in a million runs they are the same
        assert reset(first).json()["errorCode"] == "INVALID_RESET_CODE"
    assert reset(second).status_code == 200
    assert reset(second).json()["errorCode"] == "RESET_CODE_NOT_FOUND"


def test_a_code_dies_after_five_wrong_tries(user: User) -> None:
    post("forgot-password", email="user@example.com")
    code = code_sent_to("user@example.com")

    tries = [reset(wrong(code)).json()["errorCode"] for _ in range(5)]

    assert tries == ["INVALID_RESET_CODE"] * 5
    assert reset(code).json()["errorCode"] == "RESET_CODE_NOT_FOUND"


def test_a_refused_new_password_does_not_use_up_the_code(user: User) -> None:
    post("forgot-password", email="user@example.com")
    code = code_sent_to("user@example.com")

    refused_ones = [reset(code, newPassword=bad) for bad in ("short", "12345678901")]

    assert [refusal(response) for response in refused_ones] == [
        refused(
            400,
            "This password is too short. It must contain at least 8 characters.",
            "VALIDATION_FAILED",
        ),
        refused(400, "This password is entirely numeric.", "VALIDATION_FAILED"),
    ]
    assert reset(code).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"email": "x"}, "Invalid email address", "VALIDATION_FAILED"),
        (
            {"code": "12345"},
            "Code must have at least 6 characters",
            "VALIDATION_FAILED",
        ),
        (
            {"code": "1" * 65},
            "Code must have at most 64 characters",
            "VALIDATION_FAILED",
        ),
        ({"code": 123456}, "Code must be a text", "VALIDATION_FAILED"),
        ({"code": ""}, "Code is required", "MISSING_REQUIRED_FIELD"),
        ({"newPassword": None}, "New password is required", "MISSING_REQUIRED_FIELD"),
        ({"new_password": "x"}, "There is no field new_password", "VALIDATION_FAILED"),
    ],
)
def test_a_reset_names_the_wrong_field(
    user: User, changes: dict[str, Any], error: str, code: str
) -> None:
    body = {
        "email": "user@example.com",
        "code": "123456",
        "newPassword": "newpassword123",
        **changes,
    }

    assert refusal(post("reset-password", **body)) == refused(400, error, code)


# --- Verifying an e-mail (documented by their curl lines) -------------------------------------


def test_an_email_is_verified_with_the_code_of_the_registration() -> None:
    registered = post("register", email="user@example.com", password="password123")
    code = code_sent_to("user@example.com")

    response = post("verify-email", email="user@example.com", code=code)

    user = User.objects.get()
    assert user.email_verified_at == user.updated_at
    assert response.status_code == 200
    assert response.json() == {
        "success": True,
        "data": {
            **registered.json()["data"],
            "updatedAt": milliseconds(user.updated_at),
        },
        "message": "Email verified successfully",
    }
    assert refusal(post("verify-email", email="user@example.com", code=code)) == (
        refused(409, "Email is already verified", "EMAIL_ALREADY_VERIFIED")
    )


def test_refusals_of_a_verification() -> None:
    user = make_user(email="user@example.com")
    code = code_sent_to("user@example.com")

    def verify(code: str, email: str = "user@example.com") -> tuple[int, Any]:
        return refusal(post("verify-email", email=email, code=code))

    assert verify(code, "nobody@example.com") == NO_USER
    assert verify(wrong(code)) == refused(
        400, "Invalid verification code", "INVALID_VERIFICATION_CODE"
    )
    with time_machine.travel(timezone.now() + timedelta(minutes=15)):
        assert verify(code) == refused(
            400, "Verification code has expired", "VERIFICATION_CODE_EXPIRED"
        )
    for _ in range(4):
        verify(wrong(code))
    assert verify(code) == refused(
        404, "No verification code found for this email", "VERIFICATION_CODE_NOT_FOUND"
    )
    user.refresh_from_db()
    assert user.email_verified_at is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("resend-verification-code", "Verification code sent to email"),
        ("resend-confirmation-email", "Confirmation email sent"),
    ],
)
def test_a_verification_is_sent_again(path: str, message: str) -> None:
    user = make_user(email="user@example.com")
    first = code_sent_to("user@example.com")

    response = post(path, email="user@example.com")

    body = response.json()
    assert response.status_code == 200
    assert MOMENT.fullmatch(body.pop("data")["expiresAt"])
    assert body == {"success": True, "message": message}
    second = code_sent_to("user@example.com")
    if first != second:  # once in a million runs they are the same
        late = post("verify-email", email="user@example.com", code=first)
        assert late.json()["errorCode"] == "INVALID_VERIFICATION_CODE"
    response = post("verify-email", email="user@example.com", code=second)
    assert response.status_code == 200
    user.refresh_from_db()
    assert user.email_verified_at is not None
    assert refusal(post(path, email="user@example.com")) == refused(
        409, "Email is already verified", "EMAIL_ALREADY_VERIFIED"
    )
    assert refusal(post(path, email="nobody@example.com")) == NO_USER
    assert refusal(post(path, email="nobody")) == WRONG_EMAIL


def test_a_registration_is_confirmed_by_the_link_of_the_email() -> None:
    user = make_user(email="user@example.com")
    link = link_sent_to("user@example.com")

    response = post("register-confirmation", uuid=str(link))
    again = post("register-confirmation", uuid=str(link))

    user.refresh_from_db()
    body = response.json()
    assert response.status_code == 200
    assert (body["success"], body["message"], body["data"]["userId"]) == (
        True,
        "Registration confirmed successfully",
        str(user.uuid),
    )
    assert user.email_verified_at is not None
    assert refusal(again) == refused(
        404,
        "Confirmation link not found or already used",
        "CONFIRMATION_NOT_FOUND",
    )


@pytest.mark.parametrize(
    "link",
    [
        "a1b2c3d4-5e6f-7g8h-9i0j-k1l2m3n4o5p6",  # the document's example, which is not a UUID
        str(UUID(int=7)),
        "x",
    ],
)
def test_a_link_that_was_never_sent_is_not_found(user: User, link: str) -> None:
    assert refusal(post("register-confirmation", uuid=link)) == refused(
        404,
        "Confirmation link not found or already used",
        "CONFIRMATION_NOT_FOUND",
    )


def test_a_link_works_for_a_day() -> None:
    make_user(email="user@example.com")
    link = link_sent_to("user@example.com")

    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        response = post("register-confirmation", uuid=str(link))

    assert refusal(response) == refused(
        400, "Confirmation link has expired", "CONFIRMATION_EXPIRED"
    )


def test_a_password_link_does_not_confirm_a_registration(user: User) -> None:
    send_due()
    post("forgot-password", email="user@example.com")
    link = link_sent_to("user@example.com")

    response = post("register-confirmation", uuid=str(link))

    assert response.json()["errorCode"] == "CONFIRMATION_NOT_FOUND"


def test_earlier_proofs_still_work_after_a_password_reset() -> None:
    user = make_user(email="user@example.com")
    code, link = code_sent_to("user@example.com"), link_sent_to("user@example.com")
    post("forgot-password", email="user@example.com")
    reset(code_sent_to("user@example.com"))

    guess = post("verify-email", email="user@example.com", code=wrong(code))
    right = post("register-confirmation", uuid=str(link))
    again = post("verify-email", email="user@example.com", code=code)

    user.refresh_from_db()
    assert user.email_verified_at is not None
    assert guess.json()["errorCode"] == "EMAIL_ALREADY_VERIFIED"
    assert right.status_code == 200
    assert again.json()["errorCode"] == "EMAIL_ALREADY_VERIFIED"


# --- Hiding whether a user exists -------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "forgot-password",
        "send-reset-code",
        "resend-verification-code",
        "resend-confirmation-email",
    ],
)
def test_with_the_setting_requests_for_codes_do_not_reveal_who_is_a_user(
    user: User, settings: Settings, path: str
) -> None:
    settings.HIDE_ACCOUNT_EXISTENCE = True

    answers = []
    for email in ("user@example.com", "nobody@example.com"):
        response = post(path, email=email)
        body = response.json()
        assert MOMENT.fullmatch(body["data"].pop("expiresAt"))
        answers.append((response.status_code, body))

    assert answers[0] == answers[1]
    assert answers[0][0] == 200
    assert emails_to("nobody@example.com") == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("reset-password", "INVALID_RESET_CODE"),
        ("verify-email", "INVALID_VERIFICATION_CODE"),
    ],
)
def test_with_the_setting_tries_of_codes_do_not_reveal_who_is_a_user(
    user: User, settings: Settings, path: str, code: str
) -> None:
    settings.HIDE_ACCOUNT_EXISTENCE = True
    new = {"newPassword": "newpassword123"} if path == "reset-password" else {}

    answers = [
        refusal(post(path, email=email, code="123456", **new))
        for email in ("user@example.com", "nobody@example.com")
    ]

    assert answers[0] == answers[1]
    assert answers[0][1]["errorCode"] == code


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
