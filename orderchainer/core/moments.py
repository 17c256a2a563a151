"""Moments as text. Each surface's document asks for one of these three forms.

All of them take an aware moment in any zone and write it in UTC.
"""

from datetime import UTC, datetime

# A moment in any other year cannot be written in every time zone.
YEARS = range(1900, 9999)


def seconds_without_zone(moment: datetime) -> str:
    """Write a moment as the chain does: `2024-02-14T12:00:00`."""
    return _in_utc(moment).isoformat()[:19]


def seconds(moment: datetime) -> str:
    """Write a moment as the hub and the shop do: `2025-01-12T10:00:00Z`."""
    return f"{seconds_without_zone(moment)}Z"


def milliseconds(moment: datetime) -> str:
    """Write a moment as the envelope does: `2025-11-07T13:18:43.934Z`."""
    return f"{_in_utc(moment).isoformat(timespec='milliseconds')[:23]}Z"


def _in_utc(moment: datetime) -> datetime:
    # Rows come from the database in UTC, thousands at a time: those need no conversion.
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
