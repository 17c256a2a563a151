"""`/auth/api/`: register, sign in, refresh, sign out, and the caller's profile."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.authentication import bearer_token_of
from accounts.api.bodies import LOGGED_OUT
from accounts.api.public import UNCACHED, CredentialsView, PublicView
from accounts.api.shop import docs, serializers
from accounts.api.shop.presentation import registered_body, tokens_body, user_body
from accounts.callers import caller_of
from accounts.errors import EmailTaken, UsernameTaken
from accounts.limits import REGISTER, SIGN_IN
from orderchainer.core.errors import Invalid
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.parsers import FormParser, MultiPartParser, StrictJSONParser
from orderchainer.core.http.views import UploadView


@contextmanager
def _by_field() -> Iterator[None]:
    """Answer 400 and name the field if its value is taken. The other documents answer 409."""
    try:
        yield
    except EmailTaken as exc:
        raise Invalid({"email": [exc.message]}) from exc
    except UsernameTaken as exc:
        raise Invalid({"username": [exc.message]}) from exc


class ShopRegisterView(PublicView):
    """Registration."""

    limit = REGISTER

    @docs.REGISTER_USER
    def post(self, request: Request) -> Response:
        """Register."""
        body = serializers.ShopRegistration(data=request.data)
        body.is_valid(raise_exception=True)
        with _by_field():
            user, pair = services.sign_up(**body.validated_data)
        return Response(registered_body(user, pair), status=201, headers=UNCACHED)


class ShopTokenView(CredentialsView):
    """Login."""

    limit = SIGN_IN

    @docs.GET_TOKEN
    def post(self, request: Request) -> Response:
        """Sign in."""
        body = serializers.ShopCredentials(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.sign_in(**body.validated_data)
        return Response(tokens_body(pair), headers=UNCACHED)


class ShopRefreshView(CredentialsView):
    """A new pair of tokens."""

    @docs.REFRESH_TOKEN
    def post(self, request: Request) -> Response:
        """Exchange the refresh token."""
        body = serializers.ShopRefreshing(data=request.data)
        body.is_valid(raise_exception=True)
        pair = services.refresh_session(refresh_token=body.value)
        return Response(tokens_body(pair), headers=UNCACHED)


class ShopLogoutView(CredentialsView):
    """Logout."""

    @docs.LOG_OUT
    def post(self, request: Request) -> Response:
        """End the session."""
        body = serializers.ShopLoggingOut(data=request.data)
        body.is_valid(raise_exception=True)
        services.log_out(refresh_token=body.value, access_token=bearer_token_of(request) or "")
        return Response(LOGGED_OUT)


class ShopProfileView(UploadView):
    """The caller's profile."""

    area = "account"
    parser_classes = (StrictJSONParser, MultiPartParser, FormParser)

    @docs.GET_PROFILE
    def get(self, request: Request) -> Response:
        """Answer the profile."""
        return Response(user_body(caller_of(request)))

    @docs.UPDATE_PROFILE
    def patch(self, request: Request) -> Response:
        """Change the profile."""
        user = caller_of(request)
        body = read_changes(
            serializers.ShopProfileChange,
            request.data,
            lambda: user_body(user),
            is_at_hand=True,
            instance=user,
            partial=True,
        )
        with _by_field():
            user = services.update_profile(user=user, changes=body.changes)
        return Response(user_body(user))
