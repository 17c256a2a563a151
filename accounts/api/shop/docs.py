"""The schema of `/auth/api/`."""

from drf_spectacular.utils import extend_schema

from accounts.api.docs import (
    REQUIRED,
    login_operation,
    logout_operation,
    refresh_operation,
    register_operation,
)
from accounts.api.shop import serializers
from accounts.api.shop.presentation import REGISTERED
from accounts.errors import InvalidCredentials
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    FORM,
    JSON,
    UPLOAD,
    answer_example,
    errors_of,
    request_example,
    sent_as,
)

CREDENTIALS_EXAMPLE = {"email": "user@example.com", "password": "securepassword123"}
TOKENS_EXAMPLE = {
    "refresh": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
    "access": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
    "user_id": 1,
}
USER_EXAMPLE = {
    "id": 1,
    "email": "user@example.com",
    "username": "testuser",
    "first_name": "Test",
    "last_name": "User",
    "phone": "+1234567890",
    "address": "123 Main St, City, Country",
    "profile": {
        "avatar": "",
        "preferences": {},
        "created_at": "2025-01-08T10:00:00Z",
        "updated_at": "2025-01-08T10:00:00Z",
    },
}


REGISTER_USER = register_operation(
    "shop",
    request=serializers.ShopRegistration,
    answer=serializers.ShopRegistered,
    errors=errors_of("shop", Invalid({"password_confirm": ["The two passwords do not match."]})),
    sent={
        **CREDENTIALS_EXAMPLE,
        "username": "testuser",
        "first_name": "Test",
        "last_name": "User",
        "password_confirm": "securepassword123",
        "phone": "+1234567890",
        "address": "123 Main St, City, Country",
    },
    created={
        "user": USER_EXAMPLE,
        "refresh": TOKENS_EXAMPLE["refresh"],
        "access": TOKENS_EXAMPLE["access"],
        "message": REGISTERED,
    },
    more=(
        " E-mail and username are unique, regardless of case. The user is signed in at once. If "
        "the e-mail must be verified before a login, both tokens are empty and the message says "
        "what to do."
    ),
)

GET_TOKEN = login_operation(
    "shop",
    "get_token",
    request=sent_as(serializers.ShopCredentials, JSON, FORM),
    answer=serializers.ShopTokens,
    refresh_path="/auth/api/token/refresh/",
    refusals=[Invalid({"email": REQUIRED}), InvalidCredentials()],
    sent=CREDENTIALS_EXAMPLE,
    tokens=TOKENS_EXAMPLE,
)

REFRESH_TOKEN = refresh_operation(
    "shop",
    request=sent_as(serializers.ShopRefreshing, JSON, FORM),
    answer=serializers.ShopTokens,
    field="refresh",
    tokens=TOKENS_EXAMPLE,
)

LOG_OUT = logout_operation(
    "shop",
    request=sent_as(serializers.ShopLoggingOut, JSON, FORM),
    answer=serializers.ShopMessage,
    field="refresh",
    tokens=TOKENS_EXAMPLE,
)

GET_PROFILE = extend_schema(
    operation_id="shop_get_profile",
    summary="Read your profile",
    description="Your user, in the same form as at registration.",
    responses={200: serializers.ShopUser, **errors_of("shop", 403)},
    examples=[answer_example("You", USER_EXAMPLE)],
)

UPDATE_PROFILE = extend_schema(
    operation_id="shop_update_profile",
    summary="Change your profile",
    description=(
        "Changes the fields that you send, all or none. `preferences` are replaced as a "
        "whole. Send a picture as a file named `avatar` in `multipart/form-data`, at "
        "most `MAX_UPLOAD_BYTES` and 16 million pixels (24 million as a JPEG), and at "
        "most 16,384 pixels on each side. We resize it to at most 512 by 512 pixels, "
        "rotate it upright and remove its metadata, such as the place where it was "
        "taken. You may send back the profile "
        "as you read it; a field outside `profile` wins over the same field inside it."
    ),
    request=sent_as(serializers.ShopProfileChange, JSON, UPLOAD, FORM),
    responses={
        200: serializers.ShopUser,
        **errors_of(
            "shop",
            Invalid({"avatar": ["Upload a PNG, JPEG, WebP or GIF picture."]}),
            403,
        ),
    },
    examples=[
        request_example(
            "A new address, and no picture",
            {
                "address": "456 Side St, City, Country",
                "preferences": {"theme": "dark"},
                "avatar": None,
            },
            media_type=JSON,
        ),
        request_example("A picture", {"avatar": "(the file's bytes)"}, media_type=UPLOAD),
        answer_example(
            "You",
            {
                **USER_EXAMPLE,
                "profile": {
                    "avatar": "http://localhost:8000/media/avatars/9f0c6e2b7a8d4d0fa1e5c3b2d4e6f708.jpg",
                    "preferences": {"theme": "dark"},
                    "created_at": "2025-01-08T10:00:00Z",
                    "updated_at": "2025-01-09T08:30:00Z",
                },
            },
        ),
    ],
)
