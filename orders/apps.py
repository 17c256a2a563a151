"""Orders, their lifecycle, their chains and their events."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Wiring of the orders app."""

    name = "orders"

    def ready(self) -> None:
        """Register the app. The imports are here because models are not loaded earlier."""
        from orders import registrations, subscribers  # noqa: F401 (registers it)
        from orders.bulk import tasks  # noqa: F401 (Celery looks only into `orders.tasks`)

        subscribers.connect()
