"""`/api/v1/auth/`: register, sign in, stay signed in, sign out, and who one is."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.authentication import bearer_token_of
from accounts.api.hub import presentation
from accounts.api.hub.serializers import auth as serializers
from accounts.api.public import UNCACHED, PublicView
from accounts.attempts import count_attempt
from accounts.callers import caller_of
from accounts.errors import (
    EmailInUse,
    EmailNotVerified,
    EmailTaken,
    InvalidCredentials,
    WrongPassword,
)
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import answer_example, errors_of, request_example
from orderchainer.core.http.views import SurfaceView
from orderchainer.core.limits.rates import REGISTER, SIGN_IN

REQUIRED = ["This field is required."]
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
TOKENS_EXAMPLE = {
    "access_token": "eyJ0eXAiOiJKV1QiLCJhbGc...",
    "refresh_token": "eyJ0eXAiOiJKV1QiLCJhbGc...",
    "token_type": "bearer",
    "expires_in": 900,
}
REFRESH_EXAMPLE = {"refresh_token": TOKENS_EXAMPLE["refresh_token"]}


class RegisterView(PublicView):
    """Become a user."""

    limit = REGISTER

    @extend_schema(
        operation_id="hub_register",
        summary="Register a new user",
        description=(
            "Creates a user with a personal project and sends an e-mail that asks them to confirm the "
            "address. The password needs at least 8 characters, is not made of digits alone and does not "
            "resemble e-mail or name."
        ),
        request=serializers.HubRegistration,
        responses={
            201: serializers.HubUser,
            **errors_of(
                "hub", 400, Invalid({"email": ["Invalid email address"]}), EmailTaken()
            ),
        },
        examples=[
            request_example(
                "A new user",
                {
                    "email": "user@example.com",
                    "password": "SecurePass123",
                    "name": "John Doe",
                },
            ),
            answer_example("The user", USER_EXAMPLE, status=201),
        ],
    )
    def post(self, request: Request) -> Response:
        """Register."""
        body = serializers.HubRegistration(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        user = services.register_user(**fields.pop("name", {}), **fields)
        return Response(presentation.user_body(user), status=201)


class LoginView(PublicView):
    """Sign in."""

    limit = SIGN_IN

    @extend_schema(
        operation_id="hub_login",
        summary="Log in",
        description=(
            "Opens a session. The access token goes into the header `Authorization: Bearer …` and lasts "
            "`expires_in` seconds; the refresh token buys the next pair."
        ),
        request=serializers.HubLogin,
        responses={
            200: serializers.HubTokens,
            **errors_of(
                "hub",
                400,
                Invalid({"password": REQUIRED}),
                InvalidCredentials(),
                EmailNotVerified(),
            ),
        },
        examples=[
            request_example(
                "E-mail and password",
                {"email": "user@example.com", "password": "SecurePass123"},
            ),
            answer_example("The tokens", TOKENS_EXAMPLE),
        ],
    )
    def post(self, request: Request) -> Response:
        """Sign in."""
        body = serializers.HubLogin(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.sign_in(**body.validated_data)
        return Response(presentation.tokens_body(pair), headers=UNCACHED)


class RefreshView(PublicView):
    """Stay signed in."""

    @extend_schema(
        operation_id="hub_refresh_token",
        summary="Refresh the access token",
        description=(
            "Trades a refresh token for a new pair. Each works once: sent again within half a minute "
            "it is only refused, later it ends the whole session, since it may have been stolen."
        ),
        request=serializers.HubRefreshing,
        responses={
            200: serializers.HubTokens,
            **errors_of(
                "hub",
                400,
                Invalid({"refresh_token": REQUIRED}),
                401,
                EmailNotVerified(),
            ),
        },
        examples=[
            request_example("The refresh token", REFRESH_EXAMPLE),
            answer_example("The new tokens", TOKENS_EXAMPLE),
        ],
    )
    def post(self, request: Request) -> Response:
        """Trade the refresh token."""
        body = serializers.HubRefreshing(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.refresh_session(refresh_token=body.value)
        return Response(presentation.tokens_body(pair), headers=UNCACHED)


class LogoutView(PublicView):
    """Sign out."""

    @extend_schema(
        operation_id="hub_log_out",
        summary="Log out",
        description=(
            "Ends the session of the refresh token in the body or of the access token in the header; "
            "either is enough. All tokens of the session die at once, open WebSockets too. An API token "
            "has no session: revoke it instead."
        ),
        request=serializers.HubLoggingOut,
        responses={
            204: None,
            **errors_of(
                "hub", 400, Invalid({"refresh_token": ["Not a valid string."]}), 401
            ),
        },
        # OpenAPI's own notation: with the header or without it.
        auth=[{"bearer": []}, {}],  # type: ignore[list-item]
        examples=[request_example("The refresh token", REFRESH_EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        """End the session."""
        body = serializers.HubLoggingOut(data=request.data)
        body.is_valid(raise_exception=True)
        services.log_out(
            refresh_token=body.token, access_token=bearer_token_of(request) or ""
        )
        return Response(status=204)


class MeView(SurfaceView):
    """Whoever calls."""

    area = "account"

    @extend_schema(
        operation_id="hub_me",
        summary="Get the current user",
        description="Whose token this is. `role` is `user`, `staff` or `admin`.",
        responses={200: serializers.HubAccount, **errors_of("hub", 403)},
        examples=[answer_example("The user", ACCOUNT_EXAMPLE)],
    )
    def get(self, request: Request) -> Response:
        """Answer who calls."""
        return Response(presentation.account_body(caller_of(request)))

    @extend_schema(
        operation_id="hub_change_me",
        summary="Change the current user",
        description=(
            "Changes what is named and leaves the rest. Another e-mail or password needs the "
            "`current_password`. A new e-mail has to be confirmed, and the old address is told. A new "
            "password ends every session, this one too: log in again. API tokens go on."
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
    def patch(self, request: Request) -> Response:
        """Change who calls."""
        body = serializers.AccountChanges(data=request.data)
        body.is_valid(raise_exception=True)
        changes = dict(body.validated_data)
        changes |= changes.pop("name", {})
        user = caller_of(request)
        if "current_password" in changes:
            # Guessing here is guessing at the login.
            self.usage = count_attempt(request, SIGN_IN, [user.email])
        user = services.change_own_account(
            user=user,
            password=changes.pop("password", None),
            current_password=changes.pop("current_password", None),
            changes=changes,
        )
        return Response(presentation.account_body(user))
