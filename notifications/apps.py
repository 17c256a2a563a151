"""What is said to people: the push stream."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Wiring of the notifications app."""

    name = "notifications"

    def ready(self) -> None:
        """Declare what is ours, and hear what happens below. Imported here, since models are not loaded before."""
        from notifications import registrations, subscribers  # noqa: F401 (registers what is ours)

        subscribers.connect()
