"""The models of every provider, where Django looks for them."""

from integrations.discord.models import DiscordWebhook

__all__ = ["DiscordWebhook"]
