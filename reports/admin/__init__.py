"""The back office of reports. Django looks for it here."""

from reports.admin import reports, usage  # noqa: F401 (they register)
