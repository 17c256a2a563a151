"""What runs the service, as apps: commands, checks and the back office's site."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class OperationsConfig(AppConfig):
    """Wiring of what runs the service."""

    name = "orderchainer.operations"
    default = True

    def ready(self) -> None:
        """Declare what no app has, listen to Celery's signals, check what the environment names."""
        # Before anything loads the Prometheus library.
        from orderchainer.core import measures as _measures  # noqa: F401
        from orderchainer.core.logs import tasks as _lines  # noqa: F401 (connects its receivers)
        from orderchainer.operations import checks as _checks  # noqa: F401 (registers them)
        from orderchainer.operations import metrics as _metrics  # noqa: F401 (connects its receivers)
        from orderchainer.operations import registrations as _registrations  # noqa: F401 (registers it)


class BackOfficeConfig(admin_apps.AdminConfig):
    """Django's admin, with a site of our own."""

    default = False  # of this module; the settings name it
    default_site = "orderchainer.operations.site.BackOffice"
