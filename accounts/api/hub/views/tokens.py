"""`/api/v1/auth/tokens`: create, list and revoke API tokens, which programs sign in with."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.hub.docs import tokens as docs
from accounts.api.hub.presentation import api_token_body
from accounts.api.hub.serializers.tokens import NewToken
from accounts.api.public import UNCACHED
from accounts.callers import caller_of
from accounts.errors import ApiTokenNotFound
from accounts.queries import api_tokens_of
from orderchainer.core.http.pagination import bare_list, page_window_of
from orderchainer.core.http.views import SurfaceView
from orderchainer.core.ids import uuid_in
from orderchainer.core.windows import part_of


class TokensView(SurfaceView):
    """The caller's API tokens. Without an `area`, no API token can use these operations."""

    @docs.LIST_API_TOKENS
    def get(self, request: Request) -> Response:
        """List the API tokens."""
        window = page_window_of(request)
        rows, total = part_of(api_tokens_of(caller_of(request)), window)
        return bare_list(
            request,
            [api_token_body(token) for token in rows],
            total=total,
            window=window,
        )

    @docs.CREATE_API_TOKEN
    def post(self, request: Request) -> Response:
        """Create an API token."""
        body = NewToken(data=request.data)
        body.is_valid(raise_exception=True)
        token, text = services.create_api_token(user=caller_of(request), **body.validated_data)
        return Response({**api_token_body(token), "token": text}, status=201, headers=UNCACHED)


class TokenView(SurfaceView):
    """One of the caller's API tokens."""

    @docs.REVOKE_API_TOKEN
    def delete(self, request: Request, token_id: str) -> Response:
        """Revoke the API token."""
        uuid = uuid_in(token_id)
        if uuid is None:
            raise ApiTokenNotFound
        services.revoke_api_token(user=caller_of(request), token_id=uuid)
        return Response(status=204)
