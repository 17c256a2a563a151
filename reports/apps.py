"""Reports: what a project's orders, messages and work add up to, kept as documents."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Wiring of the reports app."""

    name = "reports"

    def ready(self) -> None:
        """Register the app. The imports are here because models are not loaded earlier."""
        from orderchainer.core.http.views import call_answered
        from reports import registrations, subscribers  # noqa: F401 (registers it)
        from reports.usage.counting import note_call

        call_answered.connect(note_call, dispatch_uid="reports")
        subscribers.connect()
