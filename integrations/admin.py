"""The back office of every provider, where Django looks for it."""

from integrations.discord.admin import DiscordWebhookAdmin

__all__ = ["DiscordWebhookAdmin"]
