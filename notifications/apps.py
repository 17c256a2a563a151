"""Conversations with customers, and live events over WebSocket."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Wiring of the notifications app."""

    name = "notifications"

    def ready(self) -> None:
        """Register with core, and listen to the apps below.

        The imports are here because models are not loaded earlier.
        """
        from notifications import registrations, subscribers  # noqa: F401 (registers)

        subscribers.connect()
