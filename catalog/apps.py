"""Products, prices, stock."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Wiring of the catalog app."""

    name = "catalog"

    def ready(self) -> None:
        """Register the app and its check of the database."""
        from catalog import checks, registrations  # noqa: F401 (both register)
