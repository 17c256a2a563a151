"""The schema of `/api/v1/auth/`: registration, login, logout and the signed-in user."""

from drf_spectacular.utils import extend_schema

from accounts.api.docs import (
    EMAIL_REFUSED,
    REQUIRED,
    login_operation,
    logout_operation,
    refresh_operation,
    register_operation,
)
from accounts.api.hub.serializers import auth as serializers
from accounts.errors import EmailInUse, EmailTaken, InvalidCredentials, WrongPassword
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import answer_example, errors_of, request_example

USER_EXAMPLE = {
    "id": "7b0c6f0e-6a1d-4d7e-9a53-0c1f9a3e5d11",
    "email": "user@example.com",
    "name": "John Doe",
    "role": "user",
    "is_active": True,
    "created_at": "2025-01-12T10:00:00Z",
}
ACCOUNT_EXAMPLE = {
    **USER_EXAMPLE,
    "phone": "+1234567890",
    "address": "1 Example Street, Springfield",
    "email_verified": True,
}
CREDENTIALS_EXAMPLE = {"email": "user@example.com", "password": "SecurePass123"}
TOKENS_EXAMPLE = {
    "access_token": "eyJ0eXAiOiJKV1QiLCJhbGc...",
    "refresh_token": "eyJ0eXAiOiJKV1QiLCJhbGc...",
    "token_type": "bearer",
    "expires_in": 900,
    "user_id": 1,
}


REGISTER_USER = register_operation(
    "hub",
    request=serializers.HubRegistration,
    answer=serializers.HubUser,
    errors=errors_of("hub", 400, EMAIL_REFUSED, EmailTaken()),
    sent={**CREDENTIALS_EXAMPLE, "name": "John Doe"},
    created=USER_EXAMPLE,
)

LOGIN = login_operation(
    "hub",
    "log_in",
    request=serializers.HubLogin,
    answer=serializers.HubTokens,
    refresh_path="/api/v1/auth/refresh",
    refusals=[400, Invalid({"password": REQUIRED}), InvalidCredentials()],
    sent=CREDENTIALS_EXAMPLE,
    tokens=TOKENS_EXAMPLE,
)

REFRESH_TOKEN = refresh_operation(
    "hub",
    request=serializers.HubRefreshing,
    answer=serializers.HubTokens,
    field="refresh_token",
    tokens=TOKENS_EXAMPLE,
    others=(400,),
)

LOG_OUT = logout_operation(
    "hub",
    request=serializers.HubLoggingOut,
    answer=None,
    field="refresh_token",
    tokens=TOKENS_EXAMPLE,
    more=" An API token has no session, so revoke it instead.",
    others=(400,),
)

ME = extend_schema(
    operation_id="hub_get_me",
    summary="Get the current user",
    description="The user of this token. `role` is `user`, `staff` or `admin`.",
    responses={200: serializers.HubAccount, **errors_of("hub", 403)},
    examples=[answer_example("The user", ACCOUNT_EXAMPLE)],
)

CHANGE_ME = extend_schema(
    operation_id="hub_update_me",
    summary="Change the current user",
    description=(
        "Changes the fields that you send and keeps the rest. A new e-mail or password "
        "needs the `current_password`. A new e-mail has to be confirmed, and we inform "
        "the old address. A new password ends every session, including this one, so log "
        "in again. API tokens stay valid."
    ),
    request=serializers.AccountChanges,
    responses={
        200: serializers.HubAccount,
        **errors_of(
            "hub",
            400,
            WrongPassword(),
            403,
            EmailInUse(),
        ),
    },
    examples=[
        request_example("Another name", {"name": "John Doe"}),
        request_example(
            "Another password",
            {"password": "EvenMoreSecure1", "current_password": "SecurePass123"},
        ),
        answer_example("The user", ACCOUNT_EXAMPLE),
    ],
)
