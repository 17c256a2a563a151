"""What is said to people: the push stream."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Wiring of the notifications app."""

    name = "notifications"
