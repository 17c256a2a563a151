"""The paths at which providers call us: one for each provider with a webhook."""

from collections.abc import Iterator

from django.urls import URLPattern, path

from integrations.api.webhooks.views import view_of
from integrations.providers import providers


def webhook_paths() -> Iterator[URLPattern]:
    """Return the paths of every provider that calls us."""
    for provider in providers():
        if provider.webhook is None:
            continue
        yield path(provider.name, view_of(provider).as_view())
        if provider.webhook.names_integration:
            # Any text, since a malformed id is refused like an unknown one.
            named = view_of(provider, names_integration=True)
            yield path(f"{provider.name}/<str:integration_id>", named.as_view())


urlpatterns = list(webhook_paths())
