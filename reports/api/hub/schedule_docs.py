"""The schema's description of `/api/v1/reports/{project_id}/schedules`."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.api.hub.docs import PROJECT_ID
from accounts.errors import IdempotencyKeyReused, ProjectNotFound, RoleNotEnough
from orderchainer.core.errors import Invalid
from orderchainer.core.http.schema import (
    IDEMPOTENCY_KEY,
    PAGE_WINDOW,
    answer_example,
    errors_of,
    request_example,
)
from reports.access import MANAGE_REPORTS
from reports.api.hub.examples import PERSON, PROJECT
from reports.api.hub.schedule_serializers import NewSchedule, ScheduleChanges, ScheduleOutput
from reports.errors import ScheduleNotFound, TooManySchedules
from reports.services import MAX_SCHEDULES

SCHEDULE_ID = OpenApiParameter(
    "schedule_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The schedule's id."
)
MAY_NOT = RoleNotEnough(MANAGE_REPORTS.name)
SCHEDULE_EXAMPLE: dict[str, Any] = {
    "id": "5d2c7a10-4f1e-4b6a-9a3c-7e8f9a0b1c2d",
    "project_id": PROJECT,
    "report_type": "sales",
    "frequency": "weekly",
    "filters": {},
    "recipients": [PERSON],
    "channels": ["email"],
    "is_active": True,
    "next_period": {"first_day": "2025-01-27", "last_day": "2025-02-02"},
    "next_at": "2025-02-03T00:00:00Z",
    "last_error": None,
    "created_by": PERSON,
    "created_at": "2025-02-01T10:00:00Z",
}

LIST_SCHEDULES = extend_schema(
    operation_id="hub_list_report_schedules",
    summary="List schedules of reports",
    description="The oldest first.",
    parameters=[PROJECT_ID, *PAGE_WINDOW],
    responses={
        200: ScheduleOutput(many=True),
        **errors_of(
            "hub",
            Invalid({"page": ["Must be a whole number from 1 to 2147483647."]}),
            ProjectNotFound(),
        ),
    },
    examples=[answer_example("One schedule", SCHEDULE_EXAMPLE)],
)

CREATE_SCHEDULE = extend_schema(
    operation_id="hub_create_report_schedule",
    summary="Create a schedule of reports",
    description=(
        "A report for each day, week or month of the project, made when that has ended in its time "
        "zone. Its recipients get the summary and a link by e-mail, or the summary in Discord. "
        "After a downtime each missed period gets its report once, but only the newest seven."
    ),
    request=NewSchedule,
    parameters=[PROJECT_ID, IDEMPOTENCY_KEY],
    responses={
        201: ScheduleOutput,
        **errors_of(
            "hub",
            Invalid({"recipients": ["All recipients must be members of the project."]}),
            MAY_NOT,
            ProjectNotFound(),
            TooManySchedules(MAX_SCHEDULES),
            IdempotencyKeyReused(),
        ),
    },
    examples=[
        request_example("Each Monday", {"report_type": "sales", "frequency": "weekly"}),
        answer_example("The schedule", SCHEDULE_EXAMPLE, status=201),
    ],
)

GET_SCHEDULE = extend_schema(
    operation_id="hub_get_report_schedule",
    summary="Get a schedule of reports",
    description="The schedule, and which period is next.",
    parameters=[PROJECT_ID, SCHEDULE_ID],
    responses={200: ScheduleOutput, **errors_of("hub", ProjectNotFound(), ScheduleNotFound())},
    examples=[answer_example("The schedule", SCHEDULE_EXAMPLE)],
)

CHANGE_SCHEDULE = extend_schema(
    operation_id="hub_update_report_schedule",
    summary="Change a schedule of reports",
    description=(
        "Changes the named fields. With another `frequency`, or switched on again, the schedule "
        "starts over with the current day, week or month."
    ),
    request=ScheduleChanges,
    parameters=[PROJECT_ID, SCHEDULE_ID],
    responses={
        200: ScheduleOutput,
        **errors_of(
            "hub",
            Invalid({"recipients": ["All recipients must be members of the project."]}),
            MAY_NOT,
            ProjectNotFound(),
            ScheduleNotFound(),
        ),
    },
    examples=[
        request_example("Switch it off", {"is_active": False}),
        answer_example("The schedule", {**SCHEDULE_EXAMPLE, "is_active": False, "next_at": None}),
    ],
)

DELETE_SCHEDULE = extend_schema(
    operation_id="hub_delete_report_schedule",
    summary="Delete a schedule of reports",
    description="Deletes the schedule. Its reports stay.",
    parameters=[PROJECT_ID, SCHEDULE_ID],
    responses={204: None, **errors_of("hub", MAY_NOT, ProjectNotFound(), ScheduleNotFound())},
)
