"""`/api/v1/auth/`: register, sign in, refresh, sign out, and the signed-in user."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.authentication import bearer_token_of
from accounts.api.hub import presentation
from accounts.api.hub.docs import auth as docs
from accounts.api.hub.serializers import auth as serializers
from accounts.api.public import UNCACHED, PublicView
from accounts.attempts import count_attempt
from accounts.callers import caller_of
from accounts.limits import REGISTER, SIGN_IN
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.clients import address_of
from orderchainer.core.http.views import SurfaceView


class RegisterView(PublicView):
    """Registration."""

    limit = REGISTER

    @docs.REGISTER_USER
    def post(self, request: Request) -> Response:
        """Register."""
        body = serializers.HubRegistration(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        user = services.register_user(**fields.pop("name", {}), **fields)
        return Response(presentation.user_body(user), status=201)


class LoginView(PublicView):
    """Login."""

    limit = SIGN_IN

    @docs.LOGIN
    def post(self, request: Request) -> Response:
        """Sign in."""
        body = serializers.HubLogin(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.sign_in(**body.validated_data)
        return Response(presentation.tokens_body(pair), headers=UNCACHED)


class RefreshView(PublicView):
    """A new pair of tokens."""

    @docs.REFRESH_TOKEN
    def post(self, request: Request) -> Response:
        """Exchange the refresh token."""
        body = serializers.HubRefreshing(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.refresh_session(refresh_token=body.value)
        return Response(presentation.tokens_body(pair), headers=UNCACHED)


class LogoutView(PublicView):
    """Logout."""

    @docs.LOG_OUT
    def post(self, request: Request) -> Response:
        """End the session."""
        body = serializers.HubLoggingOut(data=request.data)
        body.is_valid(raise_exception=True)
        services.log_out(refresh_token=body.value, access_token=bearer_token_of(request) or "")
        return Response(status=204)


class MeView(SurfaceView):
    """The signed-in user."""

    area = "account"

    @docs.ME
    def get(self, request: Request) -> Response:
        """Answer the signed-in user."""
        return Response(presentation.account_body(caller_of(request)))

    @docs.CHANGE_ME
    def patch(self, request: Request) -> Response:
        """Change the signed-in user."""
        user = caller_of(request)
        body = read_changes(
            serializers.AccountChanges,
            request.data,
            lambda: presentation.account_body(user),
            is_at_hand=True,
        )
        changes = dict(body.validated_data)
        changes |= changes.pop("name", {})
        if "current_password" in changes:
            # A guess at the current password counts as a guess at the login.
            self.usage = count_attempt(address_of(request), SIGN_IN, [user.email])
        user = services.change_own_account(
            user=user,
            password=changes.pop("password", None),
            current_password=changes.pop("current_password", None),
            changes=changes,
        )
        return Response(presentation.account_body(user))
