"""Reports: what a project's orders, messages and work add up to, kept as documents."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Wiring of the reports app."""

    name = "reports"

    def ready(self) -> None:
        """Register the app. The import is here because models are not loaded earlier."""
        from reports import registrations  # noqa: F401 (registers it)
