"""Users, tokens and projects: every other app builds on them."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Wiring of the accounts app."""

    name = "accounts"

    def ready(self) -> None:
        """Register our declarations, and listen to the sign-ins that Django handles."""
        # Imported here because models are not loaded earlier. Each module registers itself.
        from accounts import checks, registrations, subscribers  # noqa: F401
