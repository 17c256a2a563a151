"""One row, one lifecycle: orders, their chains and their events."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Wiring of the orders app."""

    name = "orders"

    def ready(self) -> None:
        """Declare what is ours. Imported here, since models are not loaded before."""
        from orders import registrations  # noqa: F401 (registers it)
