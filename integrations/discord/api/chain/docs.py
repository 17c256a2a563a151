"""The schema's description of `/api/discord/`."""

from typing import Any

from drf_spectacular.utils import extend_schema

from integrations.discord.api.chain import serializers
from integrations.discord.api.chain.presentation import DELETED
from integrations.discord.errors import WebhookExists, WebhookUnreadable
from orderchainer.core.http.schema import answer_example, errors_of, request_example

URL_EXAMPLE = "https://discord.com/api/webhooks/..."
WEBHOOK_EXAMPLE = {
    "url": URL_EXAMPLE,
    "username": "OrderChainer Bot",
    "avatar_url": "https://example.com/avatar.png",
}
ALL_ON = {
    "order_created": True,
    "order_updated": True,
    "order_completed": True,
    "order_failed": True,
}
REQUEST_EXAMPLE = {"webhook": WEBHOOK_EXAMPLE, "notifications": ALL_ON}
ANSWER_EXAMPLE = {"id": 1, "user_id": 1, **REQUEST_EXAMPLE, "is_active": True}
CHANGE_EXAMPLE = {
    "webhook": {"url": URL_EXAMPLE, "username": "Updated Bot Name"},
    "notifications": {"order_completed": False},
}
CHANGED_EXAMPLE = {
    **ANSWER_EXAMPLE,
    "webhook": {**WEBHOOK_EXAMPLE, "username": "Updated Bot Name"},
    "notifications": {**ALL_ON, "order_completed": False},
}
SWITCHED_OFF_EXAMPLE = {
    **ANSWER_EXAMPLE,
    "is_active": False,
    "disabled_reason": (
        "Discord answered 404: Unknown Webhook. "
        "The webhook was deleted in Discord or its URL is wrong."
    ),
    "last_delivery": {
        "at": "2024-02-14T12:00:00",
        "status": 404,
        "error": "Discord answered 404: Unknown Webhook.",
    },
}


CREATE_INTEGRATION = extend_schema(
    operation_id="chain_create_discord_integration",
    summary="Create integration",
    description=(
        "Connects you to a Discord channel by a webhook that you made there. The URL has to be "
        "that of a Discord webhook on an allowed host. There is one integration per user."
    ),
    request=serializers.IntegrationInput,
    responses={
        201: serializers.Integration,
        **errors_of("chain", 400, WebhookExists()),
    },
    examples=[
        request_example("A webhook and its notifications", REQUEST_EXAMPLE),
        answer_example("The integration", ANSWER_EXAMPLE, status=201),
    ],
)

GET_INTEGRATION = extend_schema(
    operation_id="chain_get_discord_integration",
    summary="Get integration",
    description=(
        "Besides the documented fields it tells `disabled_reason` while the integration is off, "
        "`paused_until` while Discord asked to wait, and `last_delivery` once there was one."
    ),
    responses={
        200: serializers.IntegrationWithState,
        **errors_of("chain", 404, WebhookUnreadable()),
    },
    examples=[
        answer_example("The integration", ANSWER_EXAMPLE),
        answer_example("Switched off", SWITCHED_OFF_EXAMPLE),
    ],
)

# What `PUT` and `PATCH` have in common.
_CHANGE: dict[str, Any] = {
    "request": serializers.IntegrationChange,
    "responses": {
        200: serializers.Integration,
        **errors_of("chain", 400, 404, WebhookUnreadable()),
    },
    "examples": [
        request_example("Another name, one toggle off", CHANGE_EXAMPLE),
        answer_example("The integration", CHANGED_EXAMPLE),
    ],
}

UPDATE_INTEGRATION = extend_schema(
    operation_id="chain_update_discord_integration",
    summary="Update integration",
    description=(
        "Changes the fields that you send and keeps the rest, also in nested objects. A new URL "
        "switches the integration on."
    ),
    **_CHANGE,
)

PATCH_INTEGRATION = extend_schema(
    operation_id="chain_patch_discord_integration",
    summary="Update integration, as PUT",
    description="The same as `PUT`, which also keeps the fields that you do not send.",
    **_CHANGE,
)

DELETE_INTEGRATION = extend_schema(
    operation_id="chain_delete_discord_integration",
    summary="Delete integration",
    description="Disconnects you; messages that are still on their way are dropped.",
    responses={200: serializers.DisconnectedMessage, **errors_of("chain", 404)},
    examples=[answer_example("Deleted", DELETED)],
)

TRY_WEBHOOK = extend_schema(
    operation_id="chain_test_discord_integration",
    summary="Test the webhook",
    description=(
        "Posts a message into the channel at once and tells what Discord said. The answer is 200 "
        "either way: `ok` says whether the message arrived. It takes as long as Discord does, "
        "within the configured timeout."
    ),
    request=None,
    responses={
        200: serializers.TrialResult,
        **errors_of("chain", 404, WebhookUnreadable()),
    },
    examples=[
        answer_example(
            "It works",
            {
                "ok": True,
                "status": 200,
                "message": "Discord accepted the message.",
                "discord": None,
            },
        ),
        answer_example(
            "The webhook is gone",
            {
                "ok": False,
                "status": 404,
                "message": "Discord answered 404: Unknown Webhook.",
                "discord": {"code": 10015, "message": "Unknown Webhook"},
            },
        ),
    ],
)
