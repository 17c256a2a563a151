"""Makes integrations for tests, through the service."""

from accounts.models import User
from integrations.discord.models import DiscordWebhook
from integrations.discord.services import WebhookFields, create_discord_webhook
from integrations.discord.tests.channel import Channel
from integrations.discord.webhook_url import parse_webhook_url


def make_discord_webhook(user: User, channel: Channel, **fields: object) -> DiscordWebhook:
    """Connect `user` to `channel`; `fields` are what the owner sets beside the URL."""
    return create_discord_webhook(
        user=user,
        address=parse_webhook_url(channel.url),
        fields=WebhookFields(**fields),  # type: ignore[typeddict-item]  # by name, as tests need
    )
