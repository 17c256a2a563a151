"""Every refusal that reports raise."""

from orderchainer.core.errors import Conflict, NotFound


class ReportNotFound(NotFound):
    """The project has no such report."""

    code = "report_not_found"
    default_message = "Report not found"


class TooManyGenerating(Conflict):
    """The project has as many reports being generated as it may have."""

    code = "too_many_reports_generating"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"{most} reports of this project are being generated. Wait until one is ready."
        )


class TooManyReports(Conflict):
    """The project has as many reports as it may keep."""

    code = "too_many_reports"

    def __init__(self, most: int) -> None:
        super().__init__(f"A project keeps at most {most} reports. Delete some first.")


class ReportNotReady(Conflict):
    """The report has no figures yet, or never got any."""

    code = "report_not_ready"

    def __init__(self, word: str) -> None:
        super().__init__(f"The report is {word}. Only a report that is ready can be exported.")


class ScheduleNotFound(NotFound):
    """The project has no such schedule."""

    code = "report_schedule_not_found"
    default_message = "Schedule not found"


class TooManySchedules(Conflict):
    """The project has as many schedules as it may have."""

    code = "too_many_report_schedules"

    def __init__(self, most: int) -> None:
        super().__init__(f"A project has at most {most} schedules. Delete one first.")


class LinkInvalid(NotFound):
    """The link to a report is old, or its reader may not see the report any more."""

    code = "report_link_invalid"
    default_message = "This link no longer works."
