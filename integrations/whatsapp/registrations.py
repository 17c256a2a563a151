"""What WhatsApp declares to the ground; see `orderchainer.core.registry`."""

from orderchainer.core.logs.secrets import hide

# Access tokens of Meta.
hide("meta", before=r"\bEAA", secret=r"[0-9A-Za-z]{16,}", signs=("eaa",))
