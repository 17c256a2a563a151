"""Configurations that cannot work, said at the start and not at the first message."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from integrations.discord.hosts import HostsMisconfigured, allowed_hosts

# Two of these, one to connect and one to read, have to fit into the time that a delivery is claimed for.
LONGEST_TIMEOUT_SECONDS = 20


@register
def check_discord_hosts(**_: object) -> list[CheckMessage]:
    """Refuse a `DISCORD_WEBHOOK_HOSTS` that cannot be read."""
    try:
        allowed_hosts()
    except HostsMisconfigured as exc:
        return [Error(f"DISCORD_WEBHOOK_HOSTS: {exc}", id="integrations.E001")]
    return []


@register
def check_discord_api_base(**_: object) -> list[CheckMessage]:
    """Refuse a `DISCORD_API_BASE` that is no address."""
    base = urlsplit(settings.DISCORD_API_BASE)
    is_address = base.scheme in {"http", "https"} and base.netloc
    if settings.DISCORD_API_BASE and (not is_address or base.query or base.fragment):
        return [
            Error(
                "DISCORD_API_BASE is no address.",
                hint="It replaces https://discord.com/api, version and path follow it.",
                id="integrations.E002",
            )
        ]
    return []


@register
def check_discord_timeout(**_: object) -> list[CheckMessage]:
    """Refuse a `DISCORD_WEBHOOK_TIMEOUT` under which messages would be sent twice or never."""
    if 0 < settings.DISCORD_WEBHOOK_TIMEOUT <= LONGEST_TIMEOUT_SECONDS:
        return []
    return [
        Error(
            f"DISCORD_WEBHOOK_TIMEOUT must be over 0 and at most {LONGEST_TIMEOUT_SECONDS} seconds.",
            id="integrations.E003",
        )
    ]
