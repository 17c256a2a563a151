"""`/api/v1/auth/tokens`: keys for programs, made, listed and revoked by people who have signed in."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
)
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.hub.presentation import api_token_body
from accounts.api.hub.serializers.tokens import (
    CreatedTokenOutput,
    NewToken,
    TokenOutput,
)
from accounts.api.public import UNCACHED
from accounts.callers import caller_of
from accounts.errors import ApiTokenNotFound, SessionNeeded, TooManyApiTokens
from accounts.queries import api_tokens_of
from accounts.services.api_tokens import MAX_API_TOKENS
from orderchainer.core.errors import Invalid
from orderchainer.core.http.fields import uuid_in
from orderchainer.core.http.pagination import bare_list, page_window_of, part_of
from orderchainer.core.http.schema import (
    PAGE_WINDOW,
    answer_example,
    errors_of,
    request_example,
)
from orderchainer.core.http.views import SurfaceView

LISTED_EXAMPLE = {
    "id": "0d3f6a0e-7c7e-4a7e-8a43-5f0f6c1f9b52",
    "name": "Nightly export",
    "prefix": "oc_8fJ2kQpZ1x",
    "scopes": ["orders:read"],
    "created_at": "2025-01-12T10:00:00Z",
    "expires_at": "2026-01-12T10:00:00Z",
    "last_used_at": None,
}
CREATED_EXAMPLE = {
    **LISTED_EXAMPLE,
    "token": "oc_8fJ2kQpZ1x_………………………………",
}


class TokensView(SurfaceView):
    """The caller's API tokens. There is no `area`: tokens neither make, see nor revoke tokens."""

    @extend_schema(
        operation_id="list_api_tokens",
        summary="List your API tokens",
        description="Those that are not revoked, the newest first; expired ones too.",
        parameters=PAGE_WINDOW,
        responses={
            200: TokenOutput(many=True),
            **errors_of("hub", SessionNeeded(), 422),
        },
        examples=[answer_example("A token", LISTED_EXAMPLE)],
    )
    def get(self, request: Request) -> Response:
        """List them."""
        window = page_window_of(request)
        rows, total = part_of(api_tokens_of(caller_of(request)), window)
        return bare_list(
            request,
            [api_token_body(token) for token in rows],
            total=total,
            window=window,
        )

    @extend_schema(
        operation_id="create_api_token",
        summary="Create an API token",
        description=(
            "A key that a program signs in with in your name and within its scopes, on every surface: "
            "`Authorization: Bearer oc_…`. `token` is shown this once; only a digest of it is kept. It goes "
            f"on when you change your password. You can have {MAX_API_TOKENS} at a time."
        ),
        request=NewToken,
        responses={
            201: CreatedTokenOutput,
            **errors_of(
                "hub",
                400,
                SessionNeeded(),
                TooManyApiTokens(MAX_API_TOKENS),
                Invalid({"expires_at": ["Must be in the future."]}),
            ),
        },
        examples=[
            request_example(
                "For reading orders, for a year",
                {
                    "name": "Nightly export",
                    "scopes": ["orders:read"],
                    "expires_at": "2026-01-12T10:00:00Z",
                },
            ),
            answer_example("The token", CREATED_EXAMPLE, status=201),
        ],
    )
    def post(self, request: Request) -> Response:
        """Make one."""
        body = NewToken(data=request.data)
        body.is_valid(raise_exception=True)
        token, text = services.create_api_token(
            user=caller_of(request), **body.validated_data
        )
        return Response(
            {**api_token_body(token), "token": text}, status=201, headers=UNCACHED
        )


class TokenView(SurfaceView):
    """One of the caller's API tokens."""

    @extend_schema(
        operation_id="revoke_api_token",
        summary="Revoke an API token",
        description="It opens nothing from now on, and its open WebSockets are closed.",
        parameters=[
            OpenApiParameter(
                "token_id",
                OpenApiTypes.UUID,
                OpenApiParameter.PATH,
                description="The token's id.",
            )
        ],
        responses={204: None, **errors_of("hub", SessionNeeded(), ApiTokenNotFound())},
    )
    def delete(self, request: Request, token_id: str) -> Response:
        """Revoke it."""
        uuid = uuid_in(token_id)
        if uuid is None:
            raise ApiTokenNotFound
        services.revoke_api_token(user=caller_of(request), token_id=uuid)
        return Response(status=204)
