"""Products, prices, stock."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Wiring of the catalog app."""

    name = "catalog"

    def ready(self) -> None:
        """Check what the database has to offer."""
        from catalog import checks as _checks  # noqa: F401 (registers them)
