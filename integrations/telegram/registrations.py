"""What Telegram declares to the ground; see `orderchainer.core.registry`."""

from orderchainer.core.logs.secrets import hide

# Tokens of bots, which are part of the addresses that we call.
hide("bot", before=r"[0-9]:", secret=r"[A-Za-z0-9_-]{30,}", signs=("/bot", ":aa"))
