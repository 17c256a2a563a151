"""What Gemini registers with the core; see `orderchainer.core.registry`."""

from orderchainer.core.logs.secrets import hide

# API keys of Google.
hide("google", before=r"\bAIza", secret=r"[0-9A-Za-z_-]{16,}", signs=("aiza",))
