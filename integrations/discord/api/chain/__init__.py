"""Discord on the chain surface: `/api/discord/`."""

from integrations.discord.api.chain.views import DiscordTestView, DiscordView

__all__ = ["DiscordTestView", "DiscordView"]
