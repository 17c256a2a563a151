"""Example calls for `accounts/tests/test_matrix.py`: the reports of a project."""

from collections.abc import Mapping
from datetime import date

from accounts.tests.matrix import Call, Scene, project_alone
from reports.access import MANAGE_REPORTS, VIEW_REPORTS
from reports.services import request_report

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


CALLS = [
    Call("POST", "hub-reports-generate", MANAGE_REPORTS, 201, body=JANUARY),
    Call("GET", "hub-reports", VIEW_REPORTS),
    Call("GET", "hub-report", VIEW_REPORTS, arguments=report),
    Call("DELETE", "hub-report", MANAGE_REPORTS, 204, arguments=report),
]
