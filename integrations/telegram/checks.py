"""Checks at the start for settings that would make the first call fail."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from integrations.checks import timeout_problems


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
    return timeout_problems("TELEGRAM_TIMEOUT", id="telegram.E002")
