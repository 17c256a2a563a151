"""Reports, the schedules by which they are made, and counted calls of the API."""

from reports.models.reports import MAX_TYPE_LENGTH, Report, ReportState
from reports.models.schedules import Frequency, ReportSchedule, ScheduledReport
from reports.models.usage import ApiCalls

__all__ = [
    "MAX_TYPE_LENGTH",
    "ApiCalls",
    "Frequency",
    "Report",
    "ReportSchedule",
    "ReportState",
    "ScheduledReport",
]
