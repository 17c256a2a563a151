"""`/api/v1/reports/{project_id}/schedules`: reports that are made automatically."""

from collections.abc import Mapping
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from accounts.api.idempotency import done_once
from accounts.callers import caller_of
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.pagination import bare_list, page_window_of
from orderchainer.core.windows import part_of
from reports import services
from reports.access import MANAGE_REPORTS, VIEW_REPORTS
from reports.api.hub import schedule_docs as docs
from reports.api.hub.presentation import schedule_body
from reports.api.hub.schedule_serializers import NewSchedule, ScheduleChanges
from reports.queries import schedule_for, schedules_of


class SchedulesView(ProjectView):
    """The schedules of a project."""

    area = "reports"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_REPORTS, "POST": MANAGE_REPORTS}

    @docs.LIST_SCHEDULES
    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of the schedules."""
        window = page_window_of(request)
        part, total = part_of(schedules_of(self.project), window)
        bodies = [schedule_body(schedule, self.project) for schedule in part]
        return bare_list(request, bodies, total=total, window=window)

    @docs.CREATE_SCHEDULE
    def post(self, request: Request, project_id: str) -> Response:
        """Create a schedule, once for each `Idempotency-Key`."""
        body = NewSchedule(data=request.data)
        body.is_valid(raise_exception=True)

        def work() -> str:
            made = services.create_schedule(
                project=self.project, by=caller_of(request), fields=body.plain
            )
            return str(made.uuid)

        kept = done_once(request, work)
        schedule = schedule_for(self.project, kept.value)
        headers = {
            "Location": f"/api/v1/reports/{self.project.uuid}/schedules/{schedule.uuid}",
            **({"Idempotent-Replayed": "true"} if kept.replayed else {}),
        }
        return Response(schedule_body(schedule, self.project), status=201, headers=headers)


class OneScheduleView(ProjectView):
    """One schedule."""

    area = "reports"
    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_REPORTS,
        "PATCH": MANAGE_REPORTS,
        "DELETE": MANAGE_REPORTS,
    }

    @docs.GET_SCHEDULE
    def get(self, request: Request, project_id: str, schedule_id: str) -> Response:
        """Answer the schedule."""
        return Response(schedule_body(schedule_for(self.project, schedule_id), self.project))

    @docs.CHANGE_SCHEDULE
    def patch(self, request: Request, project_id: str, schedule_id: str) -> Response:
        """Change the schedule."""
        schedule = schedule_for(self.project, schedule_id)
        body = read_changes(
            ScheduleChanges,
            request.data,
            lambda: schedule_body(schedule, self.project),
            is_at_hand=True,
        )
        services.change_schedule(schedule=schedule, by=caller_of(request), fields=body.plain)
        changed = schedule_for(self.project, schedule_id)
        return Response(schedule_body(changed, self.project))

    @docs.DELETE_SCHEDULE
    def delete(self, request: Request, project_id: str, schedule_id: str) -> Response:
        """Delete the schedule."""
        schedule = schedule_for(self.project, schedule_id)
        services.delete_schedule(schedule=schedule, by=caller_of(request))
        return Response(status=204)
