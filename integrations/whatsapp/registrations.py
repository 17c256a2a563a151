"""What WhatsApp registers with the core; see `orderchainer.core.registry`."""

from integrations.whatsapp.channel import CHANNEL
from notifications.channels import CHANNELS
from orderchainer.core.logs.secrets import hide

CHANNELS.add(CHANNEL.name, CHANNEL)

# Access tokens of Meta.
hide("meta", before=r"\b(?-i:EAA)", secret=r"[0-9A-Za-z]{16,}", signs=("eaa",))
