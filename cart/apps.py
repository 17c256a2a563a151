"""What customers have picked and not ordered yet."""

from django.apps import AppConfig


class CartConfig(AppConfig):
    """Wiring of the cart app."""

    name = "cart"
