"""What Telegram registers with the core; see `orderchainer.core.registry`."""

from integrations.telegram.channel import CHANNEL
from notifications.channels import CHANNELS
from orderchainer.core.logs.secrets import hide

CHANNELS.add(CHANNEL.name, CHANNEL)

# Tokens of bots, which are part of the addresses that we call.
hide("bot", before=r"[0-9]:", secret=r"[A-Za-z0-9_-]{30,}", signs=("/bot", ":aa"))
