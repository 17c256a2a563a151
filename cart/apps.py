"""Carts: what customers have picked but not ordered yet."""

from django.apps import AppConfig


class CartConfig(AppConfig):
    """Wiring of the cart app."""

    name = "cart"

    def ready(self) -> None:
        """Declare what is ours, and hear what happens below. Imported here, since models are not loaded before."""
        from cart import registrations, subscribers  # noqa: F401 (registers what is ours)

        subscribers.connect()
