"""What customers have picked and not ordered yet."""

from django.apps import AppConfig


class CartConfig(AppConfig):
    """Wiring of the cart app."""

    name = "cart"

    def ready(self) -> None:
        """Hear what happens below. Imported here, since models are not loaded before."""
        from cart import subscribers

        subscribers.connect()
