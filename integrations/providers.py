"""The providers that OrderChainer speaks to: one package for each, and one line here.

A provider's package has these modules, which this app finds through the line. All but the first
may be missing:

    provider.py   its `PROVIDER`: what this app needs of it, see `Provider`
    models.py     its tables
    admin.py      its pages in the back office
    registrations.py   its path prefixes and scopes, imported by `provider.py`
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.urls import URLResolver, include, path

from integrations.assistant.contracts import ModelService
from integrations.contracts import Connector, Webhook

PROVIDERS: Sequence[str] = (
    "integrations.discord",
    "integrations.shopify",
    "integrations.whatsapp",
    "integrations.telegram",
    "integrations.gemini",
    "integrations.openai",
    # It speaks to models, through the packages that have a `ModelService`.
    "integrations.assistant",
)

# Each provider that calls us has a path below this one, named after the provider.
WEBHOOKS = "api/v1/webhooks/"


@dataclass(frozen=True)
class Provider:
    """What this app needs of a provider."""

    name: str
    # How people write its name; the name with a capital letter if it is empty.
    label: str = ""
    # The prefix of its paths, and the module of URLs that continues it.
    urls: Mapping[str, str] = field(default_factory=dict)
    # Called once all models are loaded: subscribe to events and register checks here.
    connect: Callable[[], None] = lambda: None
    # Encrypt every secret in its own tables with the first key and return how many there were.
    # Raises `Undecryptable` if no key fits one of them.
    reencrypt_credentials: Callable[[], int] = lambda: 0
    # Delete what nobody needs any more from its own tables. Called daily.
    forget: Callable[[], None] = lambda: None
    # How projects connect an account of it, if they do.
    connector: Connector | None = None
    # What it posts to us, if it does.
    webhook: Webhook | None = None
    # How the assistant asks its models, if it has any.
    models: ModelService | None = None


def providers() -> Sequence[Provider]:
    """Return every provider. Call it only when all models are loaded."""
    return [_provider_in(package) for package in PROVIDERS]


def provider_named(name: str) -> Provider | None:
    """Return the provider of that name, or None if only an older release had it."""
    return next((each for each in providers() if each.name == name), None)


def label_of(name: str) -> str:
    """Return how people write the name of a provider."""
    provider = provider_named(name)
    return (provider.label if provider else "") or name.capitalize()


def webhook_address(name: str) -> str:
    """Return the address at which the provider of that name calls us; empty if it does not."""
    provider = provider_named(name)
    if provider is None or provider.webhook is None:
        return ""
    return f"{settings.PUBLIC_URL}/{WEBHOOKS}{name}"


def connectable() -> dict[str, Connector]:
    """Return the connectors of the providers that projects connect, by the provider's name."""
    return {each.name: each.connector for each in providers() if each.connector is not None}


def bringing_orders() -> Sequence[str]:
    """Return the names of the providers whose accounts are synced into orders and products."""
    return [name for name, connector in connectable().items() if connector.sync is not None]


def connector_of(name: str) -> Connector | None:
    """Return the connector of the provider of that name, if projects connect it."""
    provider = provider_named(name)
    return provider.connector if provider else None


def import_from_each(module: str) -> None:
    """Import one module of every provider that has it, for example `models`."""
    for package in PROVIDERS:
        if find_spec(f"{package}.{module}") is not None:
            import_module(f"{package}.{module}")


def provider_paths() -> Sequence[URLResolver]:
    """Return the paths of every provider, and those at which providers call us."""
    return [
        path(WEBHOOKS, include("integrations.api.webhooks.urls")),
        *(
            path(prefix, include(urls))
            for provider in providers()
            for prefix, urls in provider.urls.items()
        ),
    ]


def _provider_in(package: str) -> Provider:
    provider = import_module(f"{package}.provider").PROVIDER
    assert isinstance(provider, Provider), f"{package} has no Provider"
    return provider
