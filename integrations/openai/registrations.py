"""What services with OpenAI's protocol register with the core; see `orderchainer.core.registry`."""

from orderchainer.core.logs.secrets import hide

# API keys of OpenAI, and of many who imitate it.
hide("openai", before=r"\bsk-", secret=r"[0-9A-Za-z_-]{16,}", signs=("sk-",))
