"""Checks at the start for settings that would make the first call fail."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

# A message can take two calls, and each takes at most twice the timeout: to connect, and to be
# answered.
LEASE_PER_TIMEOUT = 4


@register
def check_telegram_api_base(**_: object) -> list[CheckMessage]:
    """Refuse a `TELEGRAM_API_BASE` that is not a URL."""
    base = settings.TELEGRAM_API_BASE
    if not base:
        return []
    parts = urlsplit(base)
    if parts.scheme in {"http", "https"} and parts.netloc and not parts.query + parts.fragment:
        return []
    return [
        Error(
            "TELEGRAM_API_BASE is not an http or https URL.",
            hint="It replaces https://api.telegram.org; /bot… is added to it.",
            id="telegram.E001",
        )
    ]


@register
def check_telegram_timeout(**_: object) -> list[CheckMessage]:
    """Refuse a `TELEGRAM_TIMEOUT` that lets a call outlast the lease of its worker."""
    longest = settings.DELIVERY_LEASE_SECONDS / LEASE_PER_TIMEOUT
    if 0 < settings.TELEGRAM_TIMEOUT <= longest:
        return []
    return [
        Error(
            f"TELEGRAM_TIMEOUT must be over 0 and at most {longest:g} seconds.",
            hint="For a longer timeout, set DELIVERY_LEASE_SECONDS to at least "
            f"{LEASE_PER_TIMEOUT} times as much.",
            id="telegram.E002",
        )
    ]
