"""Checks at the start for settings that would make the first message fail."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from integrations.checks import base_problems
from integrations.discord.hosts import HostsMisconfigured, allowed_hosts

# What a delivery needs besides Discord's answer: time for its own queries on a busy machine.
MARGIN_SECONDS = 5


@register
def check_discord_hosts(**_: object) -> list[CheckMessage]:
    """Refuse a `DISCORD_WEBHOOK_HOSTS` that cannot be read."""
    try:
        allowed_hosts()
    except HostsMisconfigured as exc:
        hint = "Write `host`, `host:port` or `http://host:port`, separated by commas."
        return [Error(f"DISCORD_WEBHOOK_HOSTS: {exc}", hint=hint, id="integrations.E001")]
    return []


@register(deploy=True)
def check_discord_hosts_are_real(**_: object) -> list[CheckMessage]:
    """Warn if webhooks may lead to the sandbox."""
    sandbox = settings.SANDBOX_HOST
    if not any(entry.strip().endswith(sandbox) for entry in settings.DISCORD_WEBHOOK_HOSTS):
        return []
    return [
        Warning(
            f"DISCORD_WEBHOOK_HOSTS holds {sandbox}: users could make the service call the "
            "sandbox, or whatever else listens there.",
            hint="Remove DISCORD_WEBHOOK_HOSTS, so that only Discord's own hosts are called.",
            id="integrations.W003",
        )
    ]


@register
def check_discord_api_base(**_: object) -> list[CheckMessage]:
    """Refuse a `DISCORD_API_BASE` that is not a URL."""
    return base_problems(
        "DISCORD_API_BASE",
        hint="It replaces https://discord.com/api; the version and the path are added to it.",
        id="integrations.E002",
    )


@register
def check_discord_timeout(**_: object) -> list[CheckMessage]:
    """Refuse a `DISCORD_WEBHOOK_TIMEOUT` that makes messages arrive twice or never."""
    # A call must fit into a worker's lease on a delivery.
    longest = settings.DELIVERY_LEASE_SECONDS - MARGIN_SECONDS
    if 0 < settings.DISCORD_WEBHOOK_TIMEOUT <= longest:
        return []
    return [
        Error(
            f"DISCORD_WEBHOOK_TIMEOUT must be over 0 and at most {longest:g} seconds.",
            hint="For a longer timeout, set DELIVERY_LEASE_SECONDS to at least the timeout plus "
            f"{MARGIN_SECONDS} seconds.",
            id="integrations.E003",
        )
    ]
