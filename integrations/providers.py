"""The providers that OrderChainer speaks to: one package for each, and one line here.

A provider's package has these modules, which this app finds through the line:

    provider.py   its `PROVIDER`: what this app needs of it, see `Provider`
    models.py     its tables
    admin.py      its pages in the back office
    registrations.py   its path prefixes and scopes, imported by `provider.py`
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from django.urls import URLResolver, include, path

from integrations.contracts import Connector, Webhook

PROVIDERS: Sequence[str] = ("integrations.discord",)


@dataclass(frozen=True)
class Provider:
    """What this app needs of a provider."""

    name: str
    # The prefix of its paths, and the module of URLs that continues it.
    urls: Mapping[str, str]
    # Called once all models are loaded: subscribe to events and register checks here.
    connect: Callable[[], None]
    # Encrypt every secret that it stores with the first key and return how many there were.
    # Raises `Undecryptable` if no key fits one of them.
    reencrypt_credentials: Callable[[], int]
    # How projects connect an account of it, if they do.
    connector: Connector | None = None
    # What it posts to us, if it does.
    webhook: Webhook | None = None


def providers() -> Sequence[Provider]:
    """Return every provider. Call it only when all models are loaded."""
    return [_provider_in(package) for package in PROVIDERS]


def provider_named(name: str) -> Provider | None:
    """Return the provider of that name, or None if only an older release had it."""
    return next((each for each in providers() if each.name == name), None)


def connectable() -> dict[str, Connector]:
    """Return the connectors of the providers that projects connect, by the provider's name."""
    return {each.name: each.connector for each in providers() if each.connector is not None}


def connector_of(name: str) -> Connector | None:
    """Return the connector of the provider of that name, if projects connect it."""
    provider = provider_named(name)
    return provider.connector if provider else None


def import_from_each(module: str) -> None:
    """Import one module of every provider, for example `models` so that Django sees the tables."""
    for package in PROVIDERS:
        import_module(f"{package}.{module}")


def provider_paths() -> Sequence[URLResolver]:
    """Return the paths of every provider."""
    return [
        path(prefix, include(urls))
        for provider in providers()
        for prefix, urls in provider.urls.items()
    ]


def _provider_in(package: str) -> Provider:
    provider = import_module(f"{package}.provider").PROVIDER
    assert isinstance(provider, Provider), f"{package} has no Provider"
    return provider
