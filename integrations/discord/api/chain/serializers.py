"""The request and response bodies of `/api/discord/`."""

from typing import Any, ClassVar, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.discord.models import DEFAULT_USERNAME
from integrations.discord.services import WebhookFields
from integrations.discord.username import UsernameRefused, check_username
from integrations.discord.webhook_url import (
    NotAWebhook,
    WebhookAddress,
    parse_webhook_url,
)
from orderchainer.core.http.fields import StrictSerializer, WebURLField

# Fields that only answers have. Requests may contain them: a client may send back what it read.
FIXED = frozenset({"id", "user_id"})
MOVING = frozenset({"disabled_reason", "paused_until", "last_delivery"})

# --- Requests ---------------------------------------------------------------------------------


@extend_schema_field(OpenApiTypes.URI)
class WebhookUrlField(serializers.CharField):
    """A webhook's URL, parsed into a `WebhookAddress`."""

    def to_internal_value(self, data: Any) -> Any:
        """Parse the URL. The ValidationError says what would be right."""
        try:
            return parse_webhook_url(super().to_internal_value(data))
        except NotAWebhook as exc:
            raise serializers.ValidationError(str(exc)) from exc


class WebhookInput(StrictSerializer):
    """Where to post, and with which name and picture."""

    url = WebhookUrlField(
        help_text="Copied from Discord: channel settings, Integrations, Webhooks."
    )
    username = serializers.CharField(
        required=False,
        default=DEFAULT_USERNAME,
        help_text="Discord takes 1 to 80 characters, and not its own name.",
    )
    avatar_url = WebURLField(
        required=False,
        default="",
        allow_blank=True,
        allow_null=True,
        help_text="A picture's address, or nothing.",
    )

    def validate_username(self, name: str) -> str:
        """Refuse a name with which Discord would refuse every message."""
        try:
            return check_username(name)
        except UsernameRefused as exc:
            raise serializers.ValidationError(str(exc)) from exc

    def validate_avatar_url(self, url: str | None) -> str:
        """Read null as no picture."""
        return url or ""


class NotificationsInput(StrictSerializer):
    """Which news to send."""

    order_created = serializers.BooleanField(required=False, default=True)
    order_updated = serializers.BooleanField(
        required=False,
        default=True,
        help_text="Everything that is no creation, completion or failure.",
    )
    order_completed = serializers.BooleanField(
        required=False, default=True, help_text="Completed or fulfilled."
    )
    order_failed = serializers.BooleanField(required=False, default=True)


class IntegrationInput(StrictSerializer):
    """`POST`: everything but the URL has a default."""

    ignored: ClassVar = FIXED | MOVING | {"is_active"}

    webhook = WebhookInput()
    notifications = NotificationsInput(required=False)

    @property
    def address(self) -> WebhookAddress | None:
        """Where to post, if the body contains a URL."""
        webhook: dict[str, Any] = self.validated_data.get("webhook", {})
        return webhook.get("url")

    @property
    def values(self) -> WebhookFields:
        """What the body sets besides the URL."""
        webhook: dict[str, Any] = self.validated_data.get("webhook", {})
        toggles: dict[str, bool] = self.validated_data.get("notifications", {})
        fields = {name: value for name, value in webhook.items() if name != "url"}
        return cast("WebhookFields", fields | toggles)


class WebhookChange(WebhookInput):
    """Where to post, if that changes."""

    url = WebhookUrlField(required=False, help_text="A new one switches the integration on.")


class IntegrationChange(IntegrationInput):
    """`PUT` and `PATCH`: a field that is not sent keeps its value, nested fields included."""

    ignored: ClassVar = MOVING
    fixed: ClassVar = FIXED

    webhook = WebhookChange(required=False)
    is_active = serializers.BooleanField(
        required=False,
        help_text="Switches the integration off and on. A new URL always switches it on.",
    )

    @property
    def is_active_wanted(self) -> bool | None:
        """Whether to switch the integration on or off; None if the body does not say."""
        wanted: bool | None = self.validated_data.get("is_active")
        return wanted


# --- Answers ----------------------------------------------------------------------------------


class WebhookData(serializers.Serializer[Any]):
    """Where messages go, and with which name and picture."""

    url = serializers.URLField(help_text="As you sent it. Only you can see it.")
    username = serializers.CharField()
    avatar_url = serializers.CharField(help_text="Empty if there is none.")


class NotificationsData(serializers.Serializer[Any]):
    """Which news is sent."""

    order_created = serializers.BooleanField()
    order_updated = serializers.BooleanField()
    order_completed = serializers.BooleanField()
    order_failed = serializers.BooleanField()


class Integration(serializers.Serializer[Any]):
    """A Discord integration, as its owner sees it."""

    id = serializers.IntegerField()
    user_id = serializers.IntegerField()
    webhook = WebhookData()
    notifications = NotificationsData()
    is_active = serializers.BooleanField()


class LastDelivery(serializers.Serializer[Any]):
    """The outcome of the last message."""

    at = serializers.CharField(help_text="UTC.")
    status = serializers.IntegerField(
        allow_null=True, help_text="Discord's HTTP status; null if no answer came."
    )
    error = serializers.CharField(help_text="Empty if it was accepted.")


class IntegrationWithState(Integration):
    """The integration and its state, as far as there is something to report."""

    disabled_reason = serializers.CharField(required=False, help_text="Why it is off, while it is.")
    paused_until = serializers.CharField(
        required=False,
        help_text="Until when Discord asked to wait, while it does. UTC.",
    )
    last_delivery = LastDelivery(required=False, help_text="Once there has been a message.")


class DiscordError(serializers.Serializer[Any]):
    """Discord's own error."""

    code = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()


class TrialResult(serializers.Serializer[Any]):
    """The outcome of the test message."""

    ok = serializers.BooleanField(help_text="Whether the message is in the channel.")
    status = serializers.IntegerField(
        allow_null=True, help_text="Discord's HTTP status; null if no answer came."
    )
    message = serializers.CharField(help_text="What happened, in a sentence.")
    discord = DiscordError(allow_null=True, help_text="What Discord said, if it refused.")


class DisconnectedMessage(serializers.Serializer[Any]):
    """A sentence that says what was done."""

    message = serializers.CharField()
