"""Bodies and answers of `/api/v1/auth/tokens`."""

from datetime import UTC
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.scopes import AREAS, all_scopes
from accounts.services.api_tokens import MAX_NAME_LENGTH
from orderchainer.core.http.fields import StrictCharField, StrictSerializer


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "string", "enum": list(all_scopes())},
        "minItems": 1,
    }
)
class ScopesField(serializers.Field[Any, Any, Any, Any]):
    """A list of strings. The service checks which of them are scopes."""

    default_error_messages: ClassVar = {"not_a_list": "Must be a list of scopes."}

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the list as it is."""
        if not isinstance(data, list) or not all(isinstance(scope, str) for scope in data):
            self.fail("not_a_list")
        return data

    def to_representation(self, value: Any) -> Any:
        """Return the list as it is."""
        return value


class NewToken(StrictSerializer):
    """`POST /api/v1/auth/tokens`."""

    name = StrictCharField(
        max_length=MAX_NAME_LENGTH, help_text="A name by which you recognise it."
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
        help_text="At most ten years ahead. Without it the token does not expire.",
    )


class TokenOutput(serializers.Serializer[Any]):
    """An API token without its secret."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="The beginning of the token.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=all_scopes()))
    created_at = serializers.CharField(help_text="As `2025-01-12T10:00:00Z`.")
    expires_at = serializers.CharField(allow_null=True, help_text="Null if it does not expire.")
    last_used_at = serializers.CharField(
        allow_null=True,
        help_text="When a request or a WebSocket last used it, to the minute.",
    )


class CreatedTokenOutput(TokenOutput):
    """A new API token with its secret."""

    token = serializers.CharField(help_text="Keep it: it is never shown again.")
