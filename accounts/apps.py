"""Users, tokens, projects: the ground that everything stands on."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Wiring of the accounts app."""

    name = "accounts"

    def ready(self) -> None:
        """Hear of every sign-in that Django's own authentication refuses or lets through."""
        # Imported here, since models are not loaded before. Both register themselves.
        from accounts import checks, subscribers  # noqa: F401
