"""Users, tokens, projects: the ground that everything stands on."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Wiring of the accounts app."""

    name = "accounts"
