"""The back office of reports. Django looks for it here."""

from reports.admin import reports, schedules, usage  # noqa: F401 (they register)
