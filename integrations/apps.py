"""What is outside: one module or package per provider."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Wiring of the integrations app."""

    name = "integrations"

    def ready(self) -> None:
        """Hear what happens below. Imported here, since models are not loaded before."""
        from integrations.discord import checks, subscribers  # noqa: F401 (checks register themselves)

        subscribers.connect()
