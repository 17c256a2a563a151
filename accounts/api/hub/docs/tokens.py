"""The schema of `/api/v1/auth/tokens`."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.api.hub.serializers.tokens import CreatedTokenOutput, NewToken, TokenOutput
from accounts.errors import ApiTokenNotFound, SessionNeeded, TooManyApiTokens
from accounts.services.api_tokens import MAX_API_TOKENS
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    PAGE_WINDOW,
    answer_example,
    errors_of,
    request_example,
)

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


LIST_API_TOKENS = extend_schema(
    operation_id="hub_list_api_tokens",
    summary="List your API tokens",
    description=("Your API tokens that are not revoked, expired ones included, the newest first."),
    parameters=PAGE_WINDOW,
    responses={
        200: TokenOutput(many=True),
        **errors_of("hub", SessionNeeded(), 422),
    },
    examples=[answer_example("A token", LISTED_EXAMPLE)],
)

CREATE_API_TOKEN = extend_schema(
    operation_id="hub_create_api_token",
    summary="Create an API token",
    description=(
        "A key with which a program signs in as you, within its scopes, on every "
        "surface: `Authorization: Bearer oc_…`. `token` is shown only this once, since "
        "we keep only a digest of it. It stays valid when you change your password. You "
        f"can have {MAX_API_TOKENS} at a time."
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
            "To read orders for a year",
            {
                "name": "Nightly export",
                "scopes": ["orders:read"],
                "expires_at": "2026-01-12T10:00:00Z",
            },
        ),
        answer_example("The token", CREATED_EXAMPLE, status=201),
    ],
)

REVOKE_API_TOKEN = extend_schema(
    operation_id="hub_revoke_api_token",
    summary="Revoke an API token",
    description="The token becomes invalid at once, and its WebSockets close.",
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
