"""The back office of reports. Django looks for it here."""

from reports.admin import reports  # noqa: F401 (it registers)
