"""Example calls for `accounts/tests/test_matrix.py`: the reports of a project."""

from collections.abc import Mapping
from datetime import date

from accounts.access import VIEW_PROJECT
from accounts.tests.matrix import Call, Scene, project_alone
from integrations.assistant.access import VIEW_ASSISTANT_USAGE
from notifications.access import VIEW_MESSAGES
from orders.access import VIEW_ORDERS
from reports.access import MANAGE_REPORTS, VIEW_REPORTS, VIEW_USAGE
from reports.models import Report
from reports.services import ScheduleFields, create_schedule, request_report
from reports.work import building

WEEKLY: ScheduleFields = {"report_type": "sales", "frequency": "weekly"}
ENDINGS = ("csv", "xlsx", "html")
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
    *[Call("GET", f"hub-orders-summary-{each}", VIEW_ORDERS) for each in ENDINGS],
    *[Call("GET", f"hub-messages-summary-{each}", VIEW_MESSAGES) for each in ENDINGS],
    *[Call("GET", f"hub-reports-usage-{each}", VIEW_USAGE) for each in ENDINGS],
    *[Call("GET", f"hub-assistant-usage-{each}", VIEW_ASSISTANT_USAGE) for each in ENDINGS],
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

LAST_WEEK = {"report_type": "sales", "range": "7", "key": "once"}
MONTHLY = {"report_type": "sales", "frequency": "monthly", "channels": ["email"]}

PAGES = [
    Call("GET", "today", VIEW_PROJECT),
    Call("GET", "reports", VIEW_REPORTS),
    Call("POST", "reports", MANAGE_REPORTS, 303, body=LAST_WEEK),
    Call("GET", "report-rows", VIEW_REPORTS),
    Call("GET", "report", VIEW_REPORTS, arguments=report),
    Call("GET", "report-csv", VIEW_REPORTS, arguments=ready_report),
    Call("GET", "report-workbook", VIEW_REPORTS, arguments=ready_report),
    Call("GET", "report-to-print", VIEW_REPORTS, arguments=ready_report),
    Call("GET", "report-delete", MANAGE_REPORTS, arguments=report),
    Call("POST", "report-delete", MANAGE_REPORTS, 303, arguments=report),
    Call("GET", "report-schedules", VIEW_REPORTS),
    Call("GET", "report-schedule-new", MANAGE_REPORTS),
    Call("POST", "report-schedule-new", MANAGE_REPORTS, 303, body={**MONTHLY, "key": "once"}),
    Call("GET", "report-schedule-edit", MANAGE_REPORTS, arguments=schedule),
    # Somebody has changed it since: the service says so.
    Call(
        "POST",
        "report-schedule-edit",
        MANAGE_REPORTS,
        412,
        arguments=schedule,
        body={**MONTHLY, "version": "another"},
    ),
    Call(
        "POST",
        "report-schedule-pause",
        MANAGE_REPORTS,
        303,
        arguments=schedule,
        body={"is_active": "no"},
    ),
    Call("GET", "report-schedule-delete", MANAGE_REPORTS, arguments=schedule),
    Call("POST", "report-schedule-delete", MANAGE_REPORTS, 303, arguments=schedule),
]
