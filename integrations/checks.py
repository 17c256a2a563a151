"""Checks for settings of all integrations, and what the checks of several providers share."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from orderchainer.core.hosts import is_this_machine

# One attempt makes several calls. They begin in the first half of its lease, and the last one takes
# at most twice the timeout: to connect, and to be answered.
LEASE_PER_TIMEOUT = 4


@register(deploy=True)
def check_where_providers_are(**_: object) -> list[CheckMessage]:
    """Warn if a provider is the sandbox, or is called without TLS over a network."""
    warnings: list[CheckMessage] = []
    for name in sorted({name for name in dir(settings) if name.endswith("_API_BASE")}):
        if not is_web_address(getattr(settings, name)):
            # Another check complains of those that are not empty.
            continue
        parts = urlsplit(getattr(settings, name))
        if parts.netloc == settings.SANDBOX_HOST:
            warnings.append(
                Warning(
                    f"{name} leads to the sandbox, which only plays the provider.",
                    hint=f"Remove {name}.",
                    id="integrations.W001",
                )
            )
        elif parts.scheme == "http" and not is_this_machine(parts.hostname or ""):
            warnings.append(
                Warning(
                    f"{name} is without TLS: the secrets of integrations can be read on the way.",
                    hint=f"Write https://, or remove {name} to call the provider itself.",
                    id="integrations.W002",
                )
            )
    return warnings


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


def is_web_address(text: str) -> bool:
    """Tell whether a provider's API could begin here: an http or https URL without a query."""
    try:
        parts = urlsplit(text)
        # Reading the port checks it.
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and has_host and not parts.query + parts.fragment


def base_problems(name: str, *, hint: str, id: str) -> list[CheckMessage]:
    """Refuse the address of a provider's API that is not a URL. Empty means the provider's own.

    `name` is the setting, and `id` that of the error.
    """
    base = getattr(settings, name)
    if not base or is_web_address(base):
        return []
    return [Error(f"{name} is not an http or https URL.", hint=hint, id=id)]
