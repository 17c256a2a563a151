"""The schema of the envelope's accounts, with the document's own examples."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.views import APIView

from accounts.api.docs import EMAIL_REFUSED, login_operation
from accounts.api.envelope import serializers
from accounts.api.envelope.presentation import (
    CONFIRMATION_SENT,
    RESET_CODE_SENT,
    VERIFICATION_CODE_SENT,
)
from accounts.errors import (
    EmailAlreadyVerified,
    EmailInUse,
    InvalidCredentials,
    LinkExpired,
    LinkNotFound,
    OwnsProjects,
    ResetCodeExpired,
    ResetCodeInvalid,
    ResetCodeNotFound,
    SessionNeeded,
    StrongerUser,
    UserNotFound,
    UserNotYours,
    VerificationCodeExpired,
    VerificationCodeInvalid,
    VerificationCodeNotFound,
)
from orderchainer.core.errors import DomainError, NothingToChange
from orderchainer.core.http.envelope import EnvelopeDone
from orderchainer.core.http.schema import answer_example, errors_of, request_example

Example = dict[str, Any]
# The type that `extend_schema_view` decorates.
View = TypeVar("View", bound=type[APIView])

CREDENTIALS_EXAMPLE: Example = {"email": "user@example.com", "password": "password123"}
EMAIL_EXAMPLE: Example = {"email": "user@example.com"}
CODE_EXAMPLE: Example = {"email": "user@example.com", "code": "123456"}
NEW_PASSWORD_EXAMPLE: Example = {**CODE_EXAMPLE, "newPassword": "newpassword123"}
CONFIRMATION_EXAMPLE: Example = {"uuid": "8d3c4f0e-6a51-4b7e-9a51-1f6f2f7f8b11"}
CHANGES_EXAMPLE: Example = {
    "email": "newemail@example.com",
    "password": "newpassword123",
}

USER_EXAMPLE: Example = {
    "userId": "5cd1ceba-69c7-4f49-9c83-bd342a17e66a",
    "email": "user@example.com",
    "createdAt": "2025-11-07T13:18:43.934Z",
    "updatedAt": "2025-11-07T13:18:43.934Z",
}
SIGNED_IN_EXAMPLE: Example = {
    "success": True,
    "data": {
        **USER_EXAMPLE,
        "accessToken": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
        "refreshToken": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
        "tokenType": "bearer",
        "expiresIn": 900,
        "user_id": 1,
    },
    "message": "Login successful",
}
GOT_EXAMPLE: Example = {"success": True, "data": USER_EXAMPLE}
UPDATED_EXAMPLE: Example = {
    "success": True,
    "data": {
        **USER_EXAMPLE,
        "email": "newemail@example.com",
        "updatedAt": "2025-11-07T13:25:15.716Z",
    },
    "message": "User updated successfully",
}


def sent_example(message: str) -> Example:
    """Return the answer to a request for an e-mail."""
    return {
        "success": True,
        "message": message,
        "data": {"expiresAt": "2025-11-07T13:33:21.568Z"},
    }


def done_example(message: str, data: Example | None = None) -> Example:
    """Return the answer that says what was done."""
    body: Example = {"success": True, "message": message}
    return {**body, "data": data} if data else body


LOGIN = login_operation(
    "envelope",
    "log_in",
    request=serializers.EnvelopeLogin,
    answer=serializers.EnvelopeSignIn,
    refresh_path="/api/auth/refresh",
    refusals=[EMAIL_REFUSED, InvalidCredentials()],
    sent=CREDENTIALS_EXAMPLE,
    tokens=SIGNED_IN_EXAMPLE,
)

_RESET_CODE = (
    "Sends a code of six digits for `POST /api/auth/reset-password`, valid for 15 minutes, and a "
    "link to a page that sets a new password. Earlier codes and links stop working."
)
_VERIFICATION_CODE = (
    "Sends a code of six digits for `POST /api/auth/verify-email`, valid for 15 minutes, and a "
    "link, valid for a day, whose last part is for `POST /api/auth/register-confirmation`. "
    "Earlier codes and links stop working."
)


def _email_request(
    operation: str,
    summary: str,
    description: str,
    message: str,
    *refusals: DomainError,
) -> Callable[[View], View]:
    return extend_schema_view(
        post=extend_schema(
            operation_id=f"envelope_{operation}",
            summary=summary,
            description=description,
            request=serializers.EnvelopeEmail,
            responses={
                200: serializers.EnvelopeCodeSent,
                **errors_of("envelope", EMAIL_REFUSED, UserNotFound(), *refusals),
            },
            examples=[
                request_example("The address", EMAIL_EXAMPLE),
                answer_example("It is on its way", sent_example(message)),
            ],
        )
    )


FORGOT_PASSWORD = _email_request(
    "request_password_reset", "Forgot the password", _RESET_CODE, RESET_CODE_SENT
)

SEND_RESET_CODE = _email_request(
    "send_reset_code", "Send a reset code again", _RESET_CODE, RESET_CODE_SENT
)

RESEND_VERIFICATION_CODE = _email_request(
    "resend_verification_code",
    "Send a verification code again",
    _VERIFICATION_CODE,
    VERIFICATION_CODE_SENT,
    EmailAlreadyVerified(),
)

RESEND_CONFIRMATION_EMAIL = _email_request(
    "resend_confirmation_email",
    "Send a confirmation e-mail again",
    f"{_VERIFICATION_CODE} `expiresAt` belongs to the code.",
    CONFIRMATION_SENT,
    EmailAlreadyVerified(),
)

RESET_PASSWORD = extend_schema(
    operation_id="envelope_reset_password",
    summary="Reset the password",
    description=(
        "Sets a new password and ends every session. A code works once. After five "
        "wrong tries the code stops working, but the link in the e-mail still works."
    ),
    request=serializers.EnvelopeNewPassword,
    responses={
        200: EnvelopeDone,
        **errors_of(
            "envelope",
            ResetCodeInvalid(),
            ResetCodeExpired(),
            UserNotFound(),
            ResetCodeNotFound(),
        ),
    },
    examples=[
        request_example("The code", NEW_PASSWORD_EXAMPLE),
        answer_example("Done", done_example("Password reset successfully")),
    ],
)

VERIFY_EMAIL = extend_schema(
    operation_id="envelope_verify_email",
    summary="Verify an e-mail",
    description=("Marks the e-mail as verified, since its owner has the code. A code works once."),
    request=serializers.EnvelopeCode,
    responses={
        200: serializers.EnvelopeUserDone,
        **errors_of(
            "envelope",
            VerificationCodeInvalid(),
            VerificationCodeExpired(),
            UserNotFound(),
            VerificationCodeNotFound(),
            EmailAlreadyVerified(),
        ),
    },
    examples=[
        request_example("The code", CODE_EXAMPLE),
        answer_example(
            "The user",
            done_example("Email verified successfully", USER_EXAMPLE),
        ),
    ],
)

CONFIRM_REGISTRATION = extend_schema(
    operation_id="envelope_confirm_registration",
    summary="Confirm a registration",
    description=(
        "Marks the e-mail as verified, since its owner has the link. `uuid` is the last "
        "part of the link. A link works once."
    ),
    request=serializers.EnvelopeConfirmation,
    responses={
        200: serializers.EnvelopeUserDone,
        **errors_of("envelope", LinkExpired(), LinkNotFound()),
    },
    examples=[
        request_example("The link's end", CONFIRMATION_EXAMPLE),
        answer_example(
            "The user",
            done_example("Registration confirmed successfully", USER_EXAMPLE),
        ),
    ],
)

GET_USER = extend_schema(
    operation_id="envelope_get_user",
    summary="Get a user",
    description=(
        "Your own account. Staff with `accounts.view_user`, `accounts.change_user` or "
        "`accounts.delete_user` can read every account."
    ),
    responses={
        200: serializers.EnvelopeUserAnswer,
        **errors_of("envelope", UserNotFound()),
    },
    examples=[answer_example("The user", GOT_EXAMPLE)],
)

UPDATE_USER = extend_schema(
    operation_id="envelope_update_user",
    summary="Update a user",
    description=(
        "Changes the e-mail, the password or both. A new e-mail has to be verified, and "
        "we inform the old address. A new password ends every session, including this "
        "one, so log in again. API tokens stay valid, but cannot do this. Staff with "
        "`accounts.change_user` may change others, but nobody who has a permission that "
        "they lack."
    ),
    request=serializers.EnvelopeUserChanges,
    responses={
        200: serializers.EnvelopeUserDone,
        **errors_of(
            "envelope",
            NothingToChange(),
            EMAIL_REFUSED,
            SessionNeeded(),
            UserNotYours(),
            StrongerUser(),
            UserNotFound(),
            EmailInUse(),
        ),
    },
    examples=[
        request_example("Both", CHANGES_EXAMPLE),
        request_example("The e-mail", {"email": "newemail@example.com"}),
        answer_example("The user", UPDATED_EXAMPLE),
    ],
)

DELETE_USER = extend_schema(
    operation_id="envelope_delete_user",
    summary="Delete a user",
    description=(
        "Removes the person's data from the account for good, and ends every session "
        "and API token. Their orders stay, without the person's name. Refused while "
        "others work in a project that has no other owner. Staff with "
        "`accounts.delete_user` may delete others, but nobody who has a permission that "
        "they lack."
    ),
    responses={
        200: EnvelopeDone,
        **errors_of(
            "envelope",
            SessionNeeded(),
            UserNotYours(),
            StrongerUser(),
            UserNotFound(),
            OwnsProjects(["Shop"]),
        ),
    },
    examples=[answer_example("Done", done_example("User deleted successfully"))],
)
