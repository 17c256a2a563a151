"""The project as an app: management commands, templates and checks that belong to no single app."""

from django.apps import AppConfig


class OrderChainerConfig(AppConfig):
    """Wiring of the project itself."""

    name = "orderchainer"
