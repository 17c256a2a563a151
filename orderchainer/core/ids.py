"""The ids of rows: numbers that a database can hold, and UUIDs."""

from uuid import UUID

MAX_ID = 2**63 - 1


def uuid_in(text: UUID | str) -> UUID | None:
    """Return the UUID, or None for any other text, which cannot be the id of a row."""
    if isinstance(text, UUID):
        return text
    try:
        return UUID(text)
    except ValueError:
        return None
