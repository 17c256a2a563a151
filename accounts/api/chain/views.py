"""`/api/auth/`: register, sign in, refresh, sign out."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.authentication import bearer_token_of
from accounts.api.bodies import LOGGED_OUT, LoggingOut, Refreshing
from accounts.api.chain import docs, serializers
from accounts.api.chain.presentation import registered_body, tokens_body
from accounts.api.public import UNCACHED, CredentialsView, PublicView
from accounts.limits import REGISTER, SIGN_IN


class RegisterView(PublicView):
    """Registration. Two documents have this path, so the answers are the union of both."""

    limit = REGISTER

    @docs.REGISTER_USER
    def post(self, request: Request) -> Response:
        """Register."""
        body = serializers.Registration(data=request.data)
        body.is_valid(raise_exception=True)
        user = services.register_user(**body.validated_data)
        return Response(registered_body(user), status=201)


class TokenView(CredentialsView):
    """Login."""

    limit = SIGN_IN

    @docs.GET_TOKEN
    def post(self, request: Request) -> Response:
        """Sign in."""
        body = serializers.Credentials(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.sign_in(email=body.value, password=body.validated_data["password"])
        return Response(tokens_body(pair), headers=UNCACHED)


class RefreshView(CredentialsView):
    """A new pair of tokens."""

    @docs.REFRESH_TOKEN
    def post(self, request: Request) -> Response:
        """Exchange the refresh token."""
        body = Refreshing(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.refresh_session(refresh_token=body.value)
        return Response(tokens_body(pair), headers=UNCACHED)


class LogoutView(CredentialsView):
    """Logout."""

    @docs.LOG_OUT
    def post(self, request: Request) -> Response:
        """End the session."""
        body = LoggingOut(data=request.data)
        body.is_valid(raise_exception=True)
        services.log_out(refresh_token=body.value, access_token=bearer_token_of(request) or "")
        return Response(LOGGED_OUT)
