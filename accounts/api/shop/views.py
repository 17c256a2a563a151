"""`/auth/api/`: register, sign in, stay signed in, sign out, and what one tells of oneself."""

from collections.abc import Iterator
from contextlib import contextmanager

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.authentication import bearer_token_of
from accounts.api.public import UNCACHED, CredentialsView, PublicView
from accounts.api.shop import serializers
from accounts.callers import caller_of
from accounts.errors import (
    EmailNotVerified,
    EmailTaken,
    InvalidCredentials,
    UsernameTaken,
)
from orderchainer.core.errors import Invalid
from orderchainer.core.http.parsers import FormParser, MultiPartParser, StrictJSONParser
from orderchainer.core.http.schema import answer_example, errors_of, request_example
from orderchainer.core.http.views import SurfaceView
from orderchainer.core.limits.rates import (
    REGISTER,
    SIGN_IN,
    UPLOAD,
    Usage,
    count,
    user_subject,
)

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
UPLOAD_TYPE = "multipart/form-data"

TOKENS_EXAMPLE = {
    "refresh": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
    "access": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
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
REQUIRED = ["This field is required."]


@contextmanager
def _by_field() -> Iterator[None]:
    """Say of what is taken already in which field it stands: the document's 400, where others have a 409."""
    try:
        yield
    except EmailTaken as exc:
        raise Invalid({"email": [exc.message]}) from exc
    except UsernameTaken as exc:
        raise Invalid({"username": [exc.message]}) from exc


class ShopRegisterView(PublicView):
    """Become a customer."""

    limit = REGISTER

    @extend_schema(
        operation_id="shop_register",
        summary="Register and sign in",
        description=(
            "Creates a user and signs them in. E-mail and username are nobody else's, in whatever case. "
            "Where the e-mail must be verified before one signs in, both tokens are empty and the "
            "message says what to do."
        ),
        request=serializers.ShopRegistration,
        responses={
            201: serializers.ShopRegistered,
            **errors_of(
                "shop",
                Invalid({"password_confirm": ["The two passwords do not match."]}),
            ),
        },
        examples=[
            request_example(
                "A new customer",
                {
                    "email": "user@example.com",
                    "username": "testuser",
                    "first_name": "Test",
                    "last_name": "User",
                    "password": "securepassword123",
                    "password_confirm": "securepassword123",
                    "phone": "+1234567890",
                    "address": "123 Main St, City, Country",
                },
            ),
            answer_example(
                "The customer",
                {
                    "user": USER_EXAMPLE,
                    **TOKENS_EXAMPLE,
                    "message": serializers.REGISTERED,
                },
                status=201,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Register."""
        body = serializers.ShopRegistration(data=request.data)
        body.is_valid(raise_exception=True)
        with _by_field():
            user, pair = services.sign_up(**body.validated_data)
        return Response(
            serializers.registered_output(user, pair), status=201, headers=UNCACHED
        )


class ShopTokenView(CredentialsView):
    """Sign in."""

    limit = SIGN_IN

    @extend_schema(
        operation_id="shop_get_token",
        summary="Sign in",
        description=(
            "Signs in with e-mail and password. The access token goes into the header "
            "`Authorization: Bearer …`; before it expires, `POST /auth/api/token/refresh/` trades the "
            "refresh token for a new pair."
        ),
        request={
            JSON: serializers.ShopCredentials,
            FORM: serializers.ShopCredentials,
        },
        responses={
            200: serializers.ShopTokens,
            **errors_of(
                "shop",
                Invalid({"email": REQUIRED}),
                InvalidCredentials(),
                EmailNotVerified(),
            ),
        },
        examples=[
            request_example(
                "E-mail and password",
                {"email": "user@example.com", "password": "securepassword123"},
            ),
            answer_example("The tokens", TOKENS_EXAMPLE),
        ],
    )
    def post(self, request: Request) -> Response:
        """Sign in."""
        body = serializers.ShopCredentials(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.sign_in(**body.validated_data)
        return Response(serializers.tokens_output(pair), headers=UNCACHED)


class ShopRefreshView(CredentialsView):
    """Stay signed in."""

    @extend_schema(
        operation_id="shop_refresh_token",
        summary="Refresh the access token",
        description=(
            "Trades a refresh token for a new pair. Each works once: sent again within half a minute "
            "it is only refused, later it ends the whole session, since it may have been stolen."
        ),
        request={
            JSON: serializers.ShopRefreshing,
            FORM: serializers.ShopRefreshing,
        },
        responses={
            200: serializers.ShopTokens,
            **errors_of(
                "shop", Invalid({"refresh": REQUIRED}), 401, EmailNotVerified()
            ),
        },
        examples=[
            request_example(
                "The refresh token", {"refresh": TOKENS_EXAMPLE["refresh"]}
            ),
            answer_example("The new tokens", TOKENS_EXAMPLE),
        ],
    )
    def post(self, request: Request) -> Response:
        """Trade the refresh token."""
        body = serializers.ShopRefreshing(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.refresh_session(refresh_token=body.value)
        return Response(serializers.tokens_output(pair), headers=UNCACHED)


class ShopLogoutView(CredentialsView):
    """Sign out."""

    @extend_schema(
        operation_id="shop_log_out",
        summary="Log out",
        description=(
            "Ends the session of the refresh token in the body or of the access token in the header; "
            "either is enough. All tokens of the session die at once, open WebSockets too."
        ),
        request={
            JSON: serializers.ShopLoggingOut,
            FORM: serializers.ShopLoggingOut,
        },
        responses={
            200: serializers.ShopMessage,
            **errors_of("shop", Invalid({"refresh": ["Not a valid string."]}), 401),
        },
        # OpenAPI's own notation: with the header or without it.
        auth=[{"bearer": []}, {}],  # type: ignore[list-item]
        examples=[
            request_example(
                "The refresh token", {"refresh": TOKENS_EXAMPLE["refresh"]}
            ),
            answer_example("Done", {"message": "Logged out successfully"}),
        ],
    )
    def post(self, request: Request) -> Response:
        """End the session."""
        body = serializers.ShopLoggingOut(data=request.data)
        body.is_valid(raise_exception=True)
        services.log_out(
            refresh_token=body.token, access_token=bearer_token_of(request) or ""
        )
        return Response({"message": "Logged out successfully"})


class ShopProfileView(SurfaceView):
    """What one tells of oneself."""

    area = "account"
    parser_classes = (StrictJSONParser, MultiPartParser, FormParser)

    def count_request(self, request: Request) -> Usage | None:
        """Count what may bring a picture under the limit of those, too."""
        usage = super().count_request(request)
        if request.user.is_authenticated and _is_upload(request):
            return count(UPLOAD, [user_subject(request.user.pk)]) or usage
        return usage

    @extend_schema(
        operation_id="shop_get_profile",
        summary="Read your profile",
        description="Returns you as registration did.",
        responses={200: serializers.ShopUser, **errors_of("shop", 403)},
        examples=[answer_example("You", USER_EXAMPLE)],
    )
    def get(self, request: Request) -> Response:
        """Show the caller."""
        return Response(serializers.user_output(caller_of(request)))

    @extend_schema(
        operation_id="shop_update_profile",
        summary="Change your profile",
        description=(
            "Changes what is named, all or nothing. `preferences` replace all that was there. A picture "
            "is sent as a file named `avatar` in `multipart/form-data`, at most `MAX_UPLOAD_BYTES` and 16 "
            "million pixels (24 million as a JPEG); it is kept within 512 by 512 pixels, upright, and without anything else "
            "that the file told, such as where it was taken. What was read here may be sent back "
            "as it is; of values under `profile` those beside it count more."
        ),
        request={
            JSON: serializers.ShopProfileChange,
            UPLOAD_TYPE: serializers.ShopProfileChange,
            FORM: serializers.ShopProfileChange,
        },
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
                "Another address, and no picture any more",
                {
                    "address": "456 Side St, City, Country",
                    "preferences": {"theme": "dark"},
                    "avatar": None,
                },
                media_type=JSON,
            ),
            request_example(
                "A picture", {"avatar": "(the file's bytes)"}, media_type=UPLOAD_TYPE
            ),
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
    def patch(self, request: Request) -> Response:
        """Change the caller."""
        user = caller_of(request)
        body = serializers.ShopProfileChange(user, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        with _by_field():
            user = services.update_profile(user=user, changes=body.changes)
        return Response(serializers.user_output(user))


def _is_upload(request: Request) -> bool:
    return request.content_type.lower().startswith(UPLOAD_TYPE)
