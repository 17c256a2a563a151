"""The apps that run the service: commands, checks and the site of the back office."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class OperationsConfig(AppConfig):
    """Commands, checks, metrics and Celery's signals."""

    name = "orderchainer.operations"
    default = True

    def ready(self) -> None:
        """Connect signal receivers, and register checks and what belongs to no single app."""
        # This import has to come before anything imports the Prometheus library.
        from orderchainer.core import measures as _measures  # noqa: F401
        from orderchainer.core.logs import tasks as _lines  # noqa: F401 (connects its receivers)
        from orderchainer.operations import celery_start as _celery  # noqa: F401 (connects its receivers)
        from orderchainer.operations import checks as _checks  # noqa: F401 (registers them)
        from orderchainer.operations import deployment as _deployment  # noqa: F401 (registers checks)
        from orderchainer.operations import metrics as _metrics  # noqa: F401 (connects its receivers)
        from orderchainer.operations import registrations as _registrations  # noqa: F401 (registers it)


class BackOfficeConfig(admin_apps.AdminConfig):
    """Django's admin with our own site."""

    default = False  # for this module; the settings name it
    default_site = "orderchainer.operations.site.BackOffice"
