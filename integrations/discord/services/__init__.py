"""Every write of the Discord integration: one function for each thing that can be done."""

from integrations.discord.services.connecting import (
    BY_ADMINISTRATOR,
    SUBSCRIBER,
    WebhookFields,
    create_discord_webhook,
    delete_discord_webhook,
    switch_discord_webhook,
    update_discord_webhook,
    url_of,
)
from integrations.discord.services.posting import (
    Trial,
    post_to_discord,
    switch_off_unusable,
    try_discord_webhook,
)
from integrations.discord.services.reencrypting import reencrypt_credentials

__all__ = [
    "BY_ADMINISTRATOR",
    "SUBSCRIBER",
    "Trial",
    "WebhookFields",
    "create_discord_webhook",
    "delete_discord_webhook",
    "post_to_discord",
    "reencrypt_credentials",
    "switch_discord_webhook",
    "switch_off_unusable",
    "try_discord_webhook",
    "update_discord_webhook",
    "url_of",
]
