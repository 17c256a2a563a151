"""Checks at the start for settings of all integrations."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

MINUTES_OF_A_WEEK = 7 * 24 * 60
# One attempt makes several calls. They begin in the first half of its lease, and the last one takes
# at most twice the timeout: to connect, and to be answered.
LEASE_PER_TIMEOUT = 4


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


def timeout_problems(name: str, *, id: str) -> list[CheckMessage]:
    """Refuse a provider's timeout that lets a call outlast the lease of its worker.

    `name` is the setting, and `id` that of the error.
    """
    longest = settings.DELIVERY_LEASE_SECONDS / LEASE_PER_TIMEOUT
    if 0 < getattr(settings, name) <= longest:
        return []
    return [
        Error(
            f"{name} must be over 0 and at most {longest:g} seconds.",
            hint="For a longer timeout, set DELIVERY_LEASE_SECONDS to at least "
            f"{LEASE_PER_TIMEOUT} times as much.",
            id=id,
        )
    ]


def base_problems(name: str, *, hint: str, id: str) -> list[CheckMessage]:
    """Refuse the address of a provider's API that is not a URL. Empty means the provider's own.

    `name` is the setting, and `id` that of the error.
    """
    base = getattr(settings, name)
    parts = urlsplit(base)
    is_url = parts.scheme in {"http", "https"} and parts.netloc and not parts.query + parts.fragment
    if not base or is_url:
        return []
    return [Error(f"{name} is not an http or https URL.", hint=hint, id=id)]
