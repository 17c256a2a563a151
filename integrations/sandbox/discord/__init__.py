"""An emulated Discord."""

from integrations.sandbox.discord.emulator import (
    Bucket,
    Discord,
    Webhook,
    discord_for_people,
)
from integrations.sandbox.discord.messages import (
    EMBED_TOTAL,
    embed_size,
    message_errors,
)

__all__ = [
    "EMBED_TOTAL",
    "Bucket",
    "Discord",
    "Webhook",
    "discord_for_people",
    "embed_size",
    "message_errors",
]
