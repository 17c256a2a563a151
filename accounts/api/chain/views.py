"""`/api/auth/`: register, sign in, stay signed in, sign out."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.authentication import bearer_token_of
from accounts.api.chain import serializers
from accounts.api.public import UNCACHED, CredentialsView, PublicView
from accounts.errors import EmailNotVerified, EmailTaken
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import answer_example, errors_of, request_example
from orderchainer.core.limits.rates import REGISTER, SIGN_IN

FORM = "application/x-www-form-urlencoded"

TOKEN_EXAMPLE = {
    "access_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
    "token_type": "bearer",
    "refresh_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...",
    "expires_in": 900,
}
REQUIRED = ["This field is required."]


class RegisterView(PublicView):
    """Become a user. Two documents claim this path: the answers are the union of both."""

    limit = REGISTER

    @extend_schema(
        operation_id="register",
        summary="Register a new user",
        description=(
            "Creates a user with a personal project. The password needs at least 8 characters, is "
            "not made of digits alone and does not resemble the e-mail."
        ),
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
    def post(self, request: Request) -> Response:
        """Register."""
        body = serializers.Registration(data=request.data)
        body.is_valid(raise_exception=True)
        user = services.register_user(**body.validated_data)
        return Response(serializers.registered_user(user), status=201)


class TokenView(CredentialsView):
    """Sign in."""

    limit = SIGN_IN

    @extend_schema(
        operation_id="get_token",
        summary="Get an access token",
        description=(
            "Signs in with e-mail and password, as JSON or as an OAuth2 password grant. The access "
            "token goes into the header `Authorization: Bearer …`; before it expires, "
            "`POST /api/auth/refresh` trades the refresh token for a new pair."
        ),
        request={
            "application/json": serializers.Credentials,
            FORM: serializers.Credentials,
        },
        responses={
            200: serializers.Tokens,
            **errors_of(
                "chain", Invalid({"username": REQUIRED}), 401, EmailNotVerified()
            ),
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
    def post(self, request: Request) -> Response:
        """Sign in."""
        body = serializers.Credentials(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.sign_in(
            email=body.value, password=body.validated_data["password"]
        )
        return Response(serializers.tokens(pair), headers=UNCACHED)


class RefreshView(CredentialsView):
    """Stay signed in."""

    @extend_schema(
        operation_id="refresh_token",
        summary="Refresh the access token",
        description=(
            "Trades a refresh token for a new pair. Each works once: sent again within half a minute "
            "it is only refused, later it ends the whole session, since it may have been stolen."
        ),
        request={
            "application/json": serializers.Refreshing,
            FORM: serializers.Refreshing,
        },
        responses={
            200: serializers.Tokens,
            **errors_of(
                "chain", Invalid({"refresh_token": REQUIRED}), 401, EmailNotVerified()
            ),
        },
        examples=[
            request_example(
                "The refresh token", {"refresh_token": TOKEN_EXAMPLE["refresh_token"]}
            ),
            answer_example("The new tokens", TOKEN_EXAMPLE),
        ],
    )
    def post(self, request: Request) -> Response:
        """Trade the refresh token."""
        body = serializers.Refreshing(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.refresh_session(refresh_token=body.value)
        return Response(serializers.tokens(pair), headers=UNCACHED)


class LogoutView(CredentialsView):
    """Sign out."""

    @extend_schema(
        operation_id="log_out",
        summary="Log out",
        description=(
            "Ends the session of the refresh token in the body or of the access token in the header; "
            "either is enough. All tokens of the session die at once, open WebSockets too."
        ),
        request={
            "application/json": serializers.LoggingOut,
            FORM: serializers.LoggingOut,
        },
        responses={
            200: serializers.Message,
            **errors_of(
                "chain", Invalid({"refresh_token": ["Not a valid string."]}), 401
            ),
        },
        # OpenAPI's own notation: with the header or without it.
        auth=[{"bearer": []}, {}],  # type: ignore[list-item]
        examples=[
            request_example(
                "The refresh token", {"refresh_token": TOKEN_EXAMPLE["refresh_token"]}
            ),
            answer_example("Done", {"message": "Logged out successfully"}),
        ],
    )
    def post(self, request: Request) -> Response:
        """End the session."""
        body = serializers.LoggingOut(data=request.data)
        body.is_valid(raise_exception=True)
        services.log_out(
            refresh_token=body.token, access_token=bearer_token_of(request) or ""
        )
        return Response({"message": "Logged out successfully"})
