"""The services of others that OrderChainer speaks to: one package for each provider."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Wiring of the integrations app."""

    name = "integrations"

    def ready(self) -> None:
        """Register the app and connect every provider.

        The imports are here because models are not loaded earlier.
        """
        from integrations import registrations  # noqa: F401 (registers it)
        from integrations.providers import providers

        for provider in providers():
            provider.connect()
