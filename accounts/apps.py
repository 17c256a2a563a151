"""Users, tokens, projects: the ground that everything stands on."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class AccountsConfig(AppConfig):
    """Wiring of the accounts app."""

    name = "accounts"
    default = True

    def ready(self) -> None:
        """Hear of every sign-in that Django's own authentication refuses or lets through."""
        # Imported here, since models are not loaded before. Both register themselves.
        from accounts import checks, subscribers  # noqa: F401


class BackOfficeConfig(admin_apps.AdminConfig):
    """Django's admin, with a site of our own."""

    default = False  # of this module; the settings name it
    default_site = "accounts.backoffice.BackOffice"
