"""Products, prices, stock."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Wiring of the catalog app."""

    name = "catalog"
