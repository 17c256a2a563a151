"""Moments as text. Each surface's document asks for one of these three forms.

All of them take an aware moment in UTC, as the database gives it.
"""

from datetime import datetime


def seconds_without_zone(moment: datetime) -> str:
    """Write a moment as the chain does: `2024-02-14T12:00:00`."""
    return moment.isoformat()[:19]


def seconds(moment: datetime) -> str:
    """Write a moment as the hub and the shop do: `2025-01-12T10:00:00Z`."""
    return f"{moment.isoformat()[:19]}Z"


def milliseconds(moment: datetime) -> str:
    """Write a moment as the envelope does: `2025-11-07T13:18:43.934Z`."""
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"
