"""Example calls for `accounts/tests/test_matrix.py`: the reports of a project."""

from collections.abc import Mapping
from datetime import date

from accounts.tests.matrix import Call, Scene, project_alone
from reports.access import MANAGE_REPORTS, VIEW_REPORTS, VIEW_USAGE
from reports.models import Report
from reports.services import ScheduleFields, create_schedule, request_report
from reports.work import building

WEEKLY: ScheduleFields = {"report_type": "sales", "frequency": "weekly"}
JANUARY = {"report_type": "sales", "start_date": "2025-01-01", "end_date": "2025-01-31"}


def report(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a report."""
    asked = request_report(
        project=scene.team.project,
        by=scene.team.owner,
        report_type="sales",
        start=date(2025, 1, 1),
        end=date(2025, 1, 31),
        filters={},
    )
    return {**project_alone(scene), "report_id": asked.uuid}


def ready_report(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a report that a worker has built."""
    arguments = report(scene)
    asked = Report.objects.get(uuid=str(arguments["report_id"]))
    building.build_report(asked.pk)
    return arguments


def schedule(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for a schedule."""
    made = create_schedule(project=scene.team.project, by=scene.team.owner, fields={**WEEKLY})
    return {**project_alone(scene), "schedule_id": made.uuid}


CALLS = [
    Call("POST", "hub-reports-generate", MANAGE_REPORTS, 201, body=JANUARY),
    Call("GET", "hub-reports", VIEW_REPORTS),
    Call("GET", "hub-reports-usage", VIEW_USAGE),
    Call("GET", "hub-report", VIEW_REPORTS, arguments=report),
    Call("GET", "hub-report-csv", VIEW_REPORTS, arguments=ready_report),
    Call("GET", "hub-report-xlsx", VIEW_REPORTS, arguments=ready_report),
    Call("GET", "hub-report-html", VIEW_REPORTS, arguments=ready_report),
    Call("GET", "hub-report-schedules", VIEW_REPORTS),
    Call("POST", "hub-report-schedules", MANAGE_REPORTS, 201, body=WEEKLY),
    Call("GET", "hub-report-schedule", VIEW_REPORTS, arguments=schedule),
    Call(
        "PATCH",
        "hub-report-schedule",
        MANAGE_REPORTS,
        arguments=schedule,
        body={"is_active": False},
    ),
    Call("DELETE", "hub-report-schedule", MANAGE_REPORTS, 204, arguments=schedule),
    Call("DELETE", "hub-report", MANAGE_REPORTS, 204, arguments=report),
]
