"""Users, tokens, projects: the ground that everything stands on."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Wiring of the accounts app."""

    name = "accounts"

    def ready(self) -> None:
        """Declare what is ours, and hear of every sign-in that Django refuses or lets through."""
        # Imported here, since models are not loaded before. Each registers itself.
        from accounts import checks, registrations, subscribers  # noqa: F401
