"""Products, prices, stock."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Wiring of the catalog app."""

    name = "catalog"

    def ready(self) -> None:
        """Declare what is ours, and check what the database has to offer."""
        from catalog import checks, registrations  # noqa: F401 (both register)
