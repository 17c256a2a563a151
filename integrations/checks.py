"""Checks at the start for settings of all integrations."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

MINUTES_OF_A_WEEK = 7 * 24 * 60


@register
def check_sync_interval(**_: object) -> list[CheckMessage]:
    """Refuse a `SYNC_INTERVAL_MINUTES` that would sync all the time or never again."""
    if 0 <= settings.SYNC_INTERVAL_MINUTES <= MINUTES_OF_A_WEEK:
        return []
    return [
        Error(
            f"SYNC_INTERVAL_MINUTES must be from 0 to {MINUTES_OF_A_WEEK}, which is a week.",
            hint="0 means that only people ask for syncs.",
            id="integrations.E004",
        )
    ]
