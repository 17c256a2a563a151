"""Carts: what customers have picked but not ordered yet."""

from django.apps import AppConfig


class CartConfig(AppConfig):
    """Wiring of the cart app."""

    name = "cart"

    def ready(self) -> None:
        """Register the app and listen to the apps below.

        The imports are here because models are not loaded earlier.
        """
        from cart import registrations, subscribers  # noqa: F401 (registers what is ours)

        subscribers.connect()
