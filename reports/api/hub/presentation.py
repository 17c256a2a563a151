"""The bodies of reports on the hub surface."""

from datetime import timedelta

import orjson

from accounts.models import Project
from orderchainer.core.http.conditional import etag_of
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import seconds
from reports.models import Report, ReportSchedule


def listed_body(report: Report, project: Project) -> Body:
    """Write a report without its payload."""
    is_ready = report.state == Report.State.READY
    period = report.period
    return {
        "id": report.uuid,
        "project_id": project.uuid,
        "report_type": report.report_type,
        "summary": report.summary if is_ready else None,
        "generated_at": seconds(report.finished_at) if is_ready and report.finished_at else None,
        "status": report.word,
        "error": report.last_error or None,
        "timezone": report.timezone,
        "period": {
            "start_date": seconds(period.start),
            "end_date": seconds(period.end - timedelta(seconds=1)),
            "first_day": period.first.isoformat(),
            "last_day": period.last.isoformat(),
        },
        "filters": report.filters,
        "schema_version": report.schema_version if is_ready else None,
        "requested_by": report.requested_by.uuid if report.requested_by else None,
        "created_at": seconds(report.created_at),
    }


def report_body(report: Report, project: Project) -> Body:
    """Write a report. Its payload goes out as it is stored, to the byte."""
    payload = orjson.Fragment(report.payload) if report.payload else None
    return {**listed_body(report, project), "payload": payload}


def etag_of_report(report: Report) -> str:
    """Return the entity tag of a report.

    It changes until the report is ready, and when a customer is erased from it.
    """
    version = report.attempts + report.erasures
    return etag_of("report", report.pk, version, **{report.word: True})


def schedule_body(schedule: ReportSchedule, project: Project) -> Body:
    """Write a schedule."""
    schedule.project = project
    return {
        "id": schedule.uuid,
        "project_id": project.uuid,
        "report_type": schedule.report_type,
        "frequency": schedule.frequency,
        "filters": schedule.filters,
        "recipients": sorted(str(each.user.uuid) for each in schedule.recipients.all()),
        "channels": schedule.channels,
        "is_active": schedule.is_active,
        "next_period": {
            "first_day": schedule.next_first.isoformat(),
            "last_day": schedule.next_last.isoformat(),
        },
        "next_at": seconds(schedule.due_at) if schedule.is_active else None,
        "last_error": schedule.last_error or None,
        "created_by": schedule.created_by.uuid if schedule.created_by else None,
        "created_at": seconds(schedule.created_at),
    }
