"""How a value is shown to people who may know that it exists, but need not read it."""

# A shorter value would give away too much of itself.
MIN_SHOWN_LENGTH = 8


def mask(value: str) -> str:
    """Return the first four and the last three characters, as `your...key`; `...` if it is short.

    A short value has fewer than eight characters.
    """
    return f"{value[:4]}...{value[-3:]}" if len(value) >= MIN_SHOWN_LENGTH else "..."
