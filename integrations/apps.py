"""What is outside: one module or package per provider."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Wiring of the integrations app."""

    name = "integrations"
