"""Codes and links by e-mail, as the envelope document has them: reset a password, verify an e-mail.

The tests read them from the e-mails that we send.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.services import register_user
from accounts.tests.api.envelope import (
    MOMENT,
    NO_USER,
    WRONG_EMAIL,
    post,
    refusal,
    refused,
)
from accounts.tests.factories import client_of, make_user
from accounts.tests.mailbox import code_sent_to, emails_to, link_sent_to, send_due
from orderchainer.core.moments import milliseconds

pytestmark = pytest.mark.django_db

REGISTERED_AT = datetime(2025, 11, 7, 13, 18, 43, 934567, tzinfo=UTC)


@pytest.fixture
def user() -> User:
    """The document's user, registered at the moment in the document."""
    with time_machine.travel(REGISTERED_AT, tick=False):
        return register_user(email="user@example.com", password="password123")


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
