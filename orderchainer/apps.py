"""The project as an app: management commands, templates and checks that belong to no single app."""

from django.apps import AppConfig


class OrderChainerConfig(AppConfig):
    """Wiring of the project itself."""

    name = "orderchainer"

    def ready(self) -> None:
        """Listen to Celery's signals for log and metrics; check what the environment names."""
        from orderchainer import checks as _own_checks  # noqa: F401 (registers them)
        from orderchainer import metrics as _metrics  # noqa: F401 (connects its receivers)
        from orderchainer.logs import tasks as _lines  # noqa: F401 (connects its receivers)
