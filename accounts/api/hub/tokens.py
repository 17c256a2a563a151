"""`/api/v1/auth/tokens`: keys for programs, made, listed and revoked by people who have signed in."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.authentication import caller_of
from accounts.api.public import UNCACHED
from accounts.errors import ApiTokenNotFound, SessionNeeded, TooManyApiTokens
from accounts.models import ApiToken
from accounts.queries import api_tokens_of
from accounts.scopes import AREAS, SCOPES
from accounts.services.api_tokens import MAX_API_TOKENS, MAX_NAME_LENGTH
from orderchainer.core.errors import Invalid
from orderchainer.core.http.fields import StrictCharField, StrictSerializer, uuid_in
from orderchainer.core.http.moments import seconds
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


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "string", "enum": list(SCOPES)},
        "minItems": 1,
    }
)
class ScopesField(serializers.Field[Any, Any, Any, Any]):
    """A list of texts. Which of them are scopes is judged by the service."""

    default_error_messages: ClassVar = {"not_a_list": "Must be a list of scopes."}

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the list as it is."""
        if not isinstance(data, list) or not all(
            isinstance(scope, str) for scope in data
        ):
            self.fail("not_a_list")
        return data

    def to_representation(self, value: Any) -> Any:
        """Return the list as it is."""
        return value


class NewToken(StrictSerializer):
    """`POST /api/v1/auth/tokens`."""

    name = StrictCharField(
        max_length=MAX_NAME_LENGTH, help_text="What you will know it by."
    )
    scopes = ScopesField(
        help_text=(
            "What it may do; `write` includes `read`. "
            + "; ".join(f"`{area}`: {what}" for area, what in AREAS.items())
            + "."
        )
    )
    expires_at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default_timezone=UTC,
        help_text="Within ten years. Left out, it does not expire.",
    )


class TokenOutput(serializers.Serializer[Any]):
    """An API token, without what makes it work."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="What the token begins with.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))
    created_at = serializers.CharField(help_text="As `2025-01-12T10:00:00Z`.")
    expires_at = serializers.CharField(
        allow_null=True, help_text="Empty where it does not expire."
    )
    last_used_at = serializers.CharField(
        allow_null=True,
        help_text="When it last opened something, request or socket, to the minute.",
    )


class CreatedTokenOutput(TokenOutput):
    """An API token, this once with itself."""

    token = serializers.CharField(
        help_text="Keep it: it is shown here and never again."
    )


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
        return bare_list(request, list(map(_shown, rows)), total=total, window=window)

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
        return Response({**_shown(token), "token": text}, status=201, headers=UNCACHED)


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


def _shown(token: ApiToken) -> dict[str, Any]:
    return {
        "id": str(token.pk),
        "name": token.name,
        "prefix": f"oc_{token.prefix}",
        "scopes": token.scopes,
        "created_at": seconds(token.created_at),
        "expires_at": _moment(token.expires_at),
        "last_used_at": _moment(token.last_used_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else seconds(moment.astimezone(UTC))
