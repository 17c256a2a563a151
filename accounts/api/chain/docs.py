"""The schema of `/api/auth/` in the chain document."""

from accounts.api.bodies import LoggingOut, Refreshing
from accounts.api.chain import serializers
from accounts.api.docs import (
    EMAIL_REFUSED,
    REQUIRED,
    login_operation,
    logout_operation,
    refresh_operation,
    register_operation,
)
from accounts.api.envelope.docs import USER_EXAMPLE
from accounts.errors import EmailTaken
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import FORM, JSON, errors_of, request_example, sent_as

CREDENTIALS_EXAMPLE = {"username": "user@example.com", "password": "securepassword"}
TOKEN_EXAMPLE = {
    "access_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
    "token_type": "bearer",
    "refresh_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
    "expires_in": 900,
    "user_id": 1,
}


REGISTER_USER = register_operation(
    "chain",
    request=serializers.Registration,
    answer=serializers.RegisteredUser,
    errors=errors_of("union", EMAIL_REFUSED, EmailTaken()),
    sent={"email": "user@example.com", "password": "securepassword"},
    created={
        "email": "user@example.com",
        "id": 1,
        "is_active": True,
        "success": True,
        "data": USER_EXAMPLE,
        "message": "User created successfully",
    },
)

GET_TOKEN = login_operation(
    "chain",
    "get_token",
    request=sent_as(serializers.Credentials, JSON, FORM),
    answer=serializers.Tokens,
    refresh_path="/api/auth/refresh",
    refusals=[Invalid({"username": REQUIRED}), 401],
    sent=CREDENTIALS_EXAMPLE,
    tokens=TOKEN_EXAMPLE,
    more=" You can also send an OAuth2 password grant as a form.",
    examples=[
        request_example(
            "An OAuth2 password grant",
            {"grant_type": "password", **CREDENTIALS_EXAMPLE},
            media_type=FORM,
        )
    ],
)

REFRESH_TOKEN = refresh_operation(
    "chain",
    request=sent_as(Refreshing, JSON, FORM),
    answer=serializers.Tokens,
    field="refresh_token",
    tokens=TOKEN_EXAMPLE,
)

LOG_OUT = logout_operation(
    "chain",
    request=sent_as(LoggingOut, JSON, FORM),
    answer=serializers.Message,
    field="refresh_token",
    tokens=TOKEN_EXAMPLE,
)
