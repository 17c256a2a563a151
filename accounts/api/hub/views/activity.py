"""What happened to an account and in a project: the hub's reading of the activity log."""

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import VIEW_ACTIVITY
from accounts.api.hub.filters import narrowed
from accounts.api.hub.presentation import activity_body
from accounts.api.hub.serializers.activity import ActivityOutput
from accounts.api.hub.views.base import PROJECT_ID, ProjectView
from accounts.callers import caller_of
from accounts.errors import ProjectNotFound, RoleNotEnough
from accounts.events import ActivityType
from accounts.models import Activity, Project, User
from accounts.queries import activity_in, activity_of, people_in
from orderchainer.core.http.pagination import bare_list, page_window_of, part_of
from orderchainer.core.http.schema import PAGE_WINDOW, answer_example, errors_of
from orderchainer.core.http.views import SurfaceView

FILTERS = [
    OpenApiParameter(
        "type",
        enum=ActivityType.values,
        many=True,
        description="What happened; repeat it for several.",
    ),
    OpenApiParameter(
        "since",
        OpenApiTypes.DATETIME,
        description="The first moment that counts.",
    ),
    OpenApiParameter(
        "until",
        OpenApiTypes.DATETIME,
        description="The first moment that counts no more.",
    ),
]

_ME = {
    "id": "7d7f1b5e-0a0c-4a52-9d1b-5f7f0e1f6f11",
    "name": "John Doe",
    "email": "user@example.com",
}
_SIGNED_IN = {
    "id": "b1c2a8a0-58a5-4a7e-8f7d-0d5ad2a1c0de",
    "type": "login_succeeded",
    "created_at": "2025-01-12T10:00:00Z",
    "user": _ME,
    "actor": _ME,
    "project_id": None,
    "ip_address": "192.0.2.7",
    "user_agent": "curl/8.5.0",
    "data": {"session_id": "3a3d6f0c-2f38-4f7e-9d55-1d0a6c1f7c21"},
}
_PROMOTED = {
    "id": "0f5b0a43-7a1e-4a83-9b3f-2f3a1c9a7e42",
    "type": "member_role_changed",
    "created_at": "2025-01-12T10:00:00Z",
    "user": {
        "id": "5b1f7f1e-6a3e-4d3b-8c66-8a0f2f6a9b10",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
    },
    "actor": _ME,
    "project_id": "c0a8012e-4b0f-4a39-9f5e-7a1d1e0b2c3d",
    "ip_address": "192.0.2.7",
    "user_agent": "curl/8.5.0",
    "data": {"old_role": "agent", "new_role": "manager"},
}


def _answer(
    request: Request,
    activities: QuerySet[Activity],
    *,
    viewer: User,
    project: Project | None = None,
) -> Response:
    window = page_window_of(request)
    found = narrowed(activities, request)
    page, total = part_of(found, window)
    people = people_in(page, viewer=viewer, project=project)
    return bare_list(
        request,
        [activity_body(activity, viewer=viewer, people=people) for activity in page],
        total=total,
        window=window,
    )


class OwnActivityView(SurfaceView):
    """What happened to the caller's account."""

    area = "account"

    @extend_schema(
        summary="List what happened to your account",
        description=(
            "Sign-ins and failed ones, sessions, API tokens, e-mail, password and roles, the newest first. "
            "Where a failed sign-in came from is told, since it was tried on you; where somebody else was "
            "who did something is not. What is older than `ACTIVITY_RETENTION_DAYS` is forgotten."
        ),
        parameters=[*FILTERS, *PAGE_WINDOW],
        responses={200: ActivityOutput(many=True), **errors_of("hub", 422)},
        examples=[answer_example("A sign-in", _SIGNED_IN)],
    )
    def get(self, request: Request) -> Response:
        """List the caller's own activity."""
        user = caller_of(request)
        return _answer(request, activity_of(user), viewer=user)


class ProjectActivityView(ProjectView):
    """What happened in a project."""

    operations: ClassVar = {"GET": VIEW_ACTIVITY}

    @extend_schema(
        summary="List what happened in a project",
        description=(
            "Who changed the project, its members and their roles, the newest first, for its owners. "
            "Addresses and programs of others are not told."
        ),
        parameters=[PROJECT_ID, *FILTERS, *PAGE_WINDOW],
        responses={
            200: ActivityOutput(many=True),
            **errors_of(
                "hub", RoleNotEnough(VIEW_ACTIVITY.name), ProjectNotFound(), 422
            ),
        },
        examples=[answer_example("Another role for somebody", _PROMOTED)],
    )
    def get(self, request: Request, project_id: str) -> Response:
        """List the project's activity."""
        return _answer(
            request,
            activity_in(self.project),
            viewer=caller_of(request),
            project=self.project,
        )
