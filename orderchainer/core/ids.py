"""The ids of rows: numbers that a database can hold, and UUIDs."""

from uuid import UUID

MAX_ID = 2**63 - 1


def uuid_in(text: UUID | str) -> UUID | None:
    """Return the UUID, or None for any other text: nothing is found under it."""
    if isinstance(text, UUID):
        return text
    try:
        return UUID(text)
    except ValueError:
        return None
