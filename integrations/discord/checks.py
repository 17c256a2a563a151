"""Configurations that cannot work, said at the start and not at the first message."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from integrations.discord.hosts import HostsMisconfigured, allowed_hosts

# What a delivery takes besides Discord's answer: its own queries, on a busy machine.
MARGIN_SECONDS = 5


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
    # One to connect and one to read have to fit into the time that a worker has a delivery to itself.
    longest = (settings.DELIVERY_LEASE_SECONDS - MARGIN_SECONDS) / 2
    if 0 < settings.DISCORD_WEBHOOK_TIMEOUT <= longest:
        return []
    return [
        Error(
            f"DISCORD_WEBHOOK_TIMEOUT must be over 0 and at most {longest:g} seconds.",
            hint="A longer one needs a longer DELIVERY_LEASE_SECONDS: twice as long, and "
            f"{MARGIN_SECONDS} seconds.",
            id="integrations.E003",
        )
    ]
