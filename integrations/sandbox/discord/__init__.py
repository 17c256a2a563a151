"""An emulated Discord."""

from integrations.sandbox.discord.emulator import Bucket, Discord, Webhook
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
    "embed_size",
    "message_errors",
]
