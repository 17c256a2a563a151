"""Reads of the Discord integration."""

from accounts.models import User
from integrations.discord.errors import WebhookNotFound
from integrations.discord.models import DiscordWebhook


def discord_webhook_of(user: User) -> DiscordWebhook:
    """Return the Discord integration of `user`. Raises `WebhookNotFound`."""
    webhook = DiscordWebhook.objects.with_host().filter(user=user).first()
    if webhook is None:
        raise WebhookNotFound
    return webhook
