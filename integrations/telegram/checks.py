"""Checks at the start for settings that would make the first call fail."""

from django.core.checks import CheckMessage, register

from integrations.checks import base_problems, timeout_problems


@register
def check_telegram_api_base(**_: object) -> list[CheckMessage]:
    """Refuse a `TELEGRAM_API_BASE` that is not a URL."""
    return base_problems(
        "TELEGRAM_API_BASE",
        hint="It replaces https://api.telegram.org; /bot… is added to it.",
        id="telegram.E001",
    )


@register
def check_telegram_timeout(**_: object) -> list[CheckMessage]:
    """Refuse a `TELEGRAM_TIMEOUT` that lets a call outlast the lease of its worker."""
    return timeout_problems("TELEGRAM_TIMEOUT", id="telegram.E002")
