"""The schema of `/api/auth/` in the chain document."""

from drf_spectacular.utils import extend_schema

from accounts.api.chain import serializers
from accounts.api.docs import (
    PASSWORD_RULES,
    REQUIRED,
    logout_operation,
    refresh_operation,
    use_of_tokens,
)
from accounts.errors import EmailNotVerified, EmailTaken
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    FORM,
    JSON,
    answer_example,
    errors_of,
    request_example,
    sent_as,
)

TOKEN_EXAMPLE = {
    "access_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
    "token_type": "bearer",
    "refresh_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
    "expires_in": 900,
    "user_id": 1,
}


REGISTER_USER = extend_schema(
    operation_id="chain_register",
    summary="Register a new user",
    description=(f"Creates a user with a personal project. {PASSWORD_RULES} the e-mail."),
    request=serializers.Registration,
    responses={
        201: serializers.RegisteredUser,
        **errors_of(
            "union",
            Invalid({"email": ["Invalid email address"]}),
            EmailTaken(),
        ),
    },
    examples=[
        request_example(
            "A new user",
            {"email": "user@example.com", "password": "securepassword"},
        ),
        answer_example(
            "The user",
            {
                "email": "user@example.com",
                "id": 1,
                "is_active": True,
                "success": True,
                "data": {
                    "userId": "5cd1ceba-69c7-4f49-9c83-bd342a17e66a",
                    "email": "user@example.com",
                    "createdAt": "2025-11-07T13:18:43.934Z",
                    "updatedAt": "2025-11-07T13:18:43.934Z",
                },
                "message": "User created successfully",
            },
            status=201,
        ),
    ],
)

GET_TOKEN = extend_schema(
    operation_id="chain_get_token",
    summary="Get an access token",
    description=(
        "Signs in with e-mail and password, as JSON or as an OAuth2 password grant. "
        + use_of_tokens("/api/auth/refresh")
    ),
    request=sent_as(serializers.Credentials, JSON, FORM),
    responses={
        200: serializers.Tokens,
        **errors_of("chain", Invalid({"username": REQUIRED}), 401, EmailNotVerified()),
    },
    examples=[
        request_example(
            "E-mail and password",
            {"username": "user@example.com", "password": "securepassword"},
        ),
        request_example(
            "An OAuth2 password grant",
            {
                "grant_type": "password",
                "username": "user@example.com",
                "password": "securepassword",
            },
            media_type=FORM,
        ),
        answer_example("The tokens", TOKEN_EXAMPLE),
    ],
)

REFRESH_TOKEN = refresh_operation(
    "chain",
    request=sent_as(serializers.Refreshing, JSON, FORM),
    answer=serializers.Tokens,
    field="refresh_token",
    tokens=TOKEN_EXAMPLE,
)

LOG_OUT = logout_operation(
    "chain",
    request=sent_as(serializers.LoggingOut, JSON, FORM),
    answer=serializers.Message,
    field="refresh_token",
    tokens=TOKEN_EXAMPLE,
)
