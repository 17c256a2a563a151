"""One row, one lifecycle: orders, their chains and their events."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Wiring of the orders app."""

    name = "orders"
