"""`/api/v1/projects`: the hub's projects."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.access import CHANGE_PROJECT, DELETE_PROJECT, VIEW_PROJECT, Operation
from accounts.api.hub.presentation import project_body
from accounts.api.hub.serializers.projects import (
    NewProject,
    ProjectChanges,
    ProjectOutput,
)
from accounts.api.hub.views.base import PROJECT_ID, ProjectView
from accounts.callers import caller_of
from accounts.errors import PersonalProject, ProjectNotFound, RoleNotEnough
from accounts.models import Project
from accounts.queries import projects_of
from orderchainer.core.errors import Invalid
from orderchainer.core.http.conditional import etag_of, is_unchanged, require_match
from orderchainer.core.http.pagination import bare_list, page_window_of, part_of
from orderchainer.core.http.schema import (
    IF_MATCH,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    PAGE_WINDOW,
    answer_example,
    errors_of,
    etag_of_answer,
    request_example,
)
from orderchainer.core.http.views import SurfaceView

EXAMPLE = {
    "id": "c0a8012e-4b0f-4a39-9f5e-7a1d1e0b2c3d",
    "name": "My Store",
    "description": "E-commerce store",
    "timezone": "America/New_York",
    "settings": {},
    "is_active": True,
    "is_personal": False,
    "role": "owner",
    "created_at": "2025-01-12T10:00:00Z",
    "updated_at": "2025-01-12T10:00:00Z",
}
NO_TIMEZONE = Invalid(
    {"timezone": ["This is no time zone; for example Europe/Berlin."]}
)


def _etag(project: Project, role: str | None) -> str:
    """Return the version of a project as somebody in that role sees it."""
    version = int(project.updated_at.timestamp() * 1_000_000)
    return etag_of("project", project.pk, version, **{role or "staff": True})


class ProjectsView(SurfaceView):
    """The caller's projects."""

    area = "projects"

    @extend_schema(
        operation_id="hub_list_projects",
        summary="List projects",
        description="The projects that you work in, the oldest first, your personal one among them.",
        parameters=PAGE_WINDOW,
        responses={
            200: ProjectOutput(many=True),
            **errors_of(
                "hub", Invalid({"page": ["Must be a whole number from 1 to 9."]})
            ),
        },
        examples=[answer_example("A project", EXAMPLE)],
    )
    def get(self, request: Request) -> Response:
        """Answer a part of the caller's projects."""
        window = page_window_of(request)
        page, total = part_of(projects_of(caller_of(request)), window)
        return bare_list(
            request,
            [project_body(project, _role_in(project)) for project in page],
            total=total,
            window=window,
        )

    @extend_schema(
        operation_id="hub_create_project",
        summary="Create a project",
        description=(
            "Creates a project that you own. `timezone` is a name of the tz database, UTC where it is left "
            "out; `settings` is an object of your own, at most 16 KiB and 8 levels deep."
        ),
        request=NewProject,
        parameters=[etag_of_answer(201)],
        responses={201: ProjectOutput, **errors_of("hub", NO_TIMEZONE)},
        examples=[
            request_example(
                "A shop",
                {
                    "name": "My Store",
                    "description": "E-commerce store",
                    "timezone": "America/New_York",
                    "settings": {},
                },
            ),
            answer_example("The project", EXAMPLE, status=201),
        ],
    )
    def post(self, request: Request) -> Response:
        """Create a project."""
        body = NewProject(data=request.data)
        body.is_valid(raise_exception=True)
        project = services.create_project(
            owner=caller_of(request), **body.validated_data
        )
        return _answer(project, "owner", status=201)


class OneProjectView(ProjectView):
    """One project."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_PROJECT,
        "PATCH": CHANGE_PROJECT,
        "DELETE": DELETE_PROJECT,
    }

    @extend_schema(
        operation_id="hub_get_project",
        summary="Get a project",
        description="One project that you work in. Staff look at every one.",
        parameters=[PROJECT_ID, IF_NONE_MATCH, etag_of_answer(200)],
        responses={
            200: ProjectOutput,
            **NOT_MODIFIED,
            **errors_of("hub", ProjectNotFound()),
        },
        examples=[answer_example("The project", EXAMPLE)],
    )
    def get(self, request: Request, project_id: str) -> Response | HttpResponse:
        """Answer the project."""
        etag = _etag(self.project, self.role)
        if is_unchanged(request, etag):
            return HttpResponse(status=304, headers={"ETag": etag})
        return _answer(self.project, self.role)

    @extend_schema(
        operation_id="hub_update_project",
        summary="Update a project",
        description="Changes what is named and leaves the rest; `settings` are replaced as a whole.",
        request=ProjectChanges,
        parameters=[PROJECT_ID, IF_MATCH, etag_of_answer(200)],
        responses={
            200: ProjectOutput,
            **errors_of(
                "hub",
                NO_TIMEZONE,
                RoleNotEnough(CHANGE_PROJECT.name),
                ProjectNotFound(),
                412,
            ),
        },
        examples=[
            request_example("Another time zone", {"timezone": "Europe/Berlin"}),
            answer_example("The project", {**EXAMPLE, "timezone": "Europe/Berlin"}),
        ],
    )
    def patch(self, request: Request, project_id: str) -> Response:
        """Change the project."""
        body = ProjectChanges(data=request.data)
        body.is_valid(raise_exception=True)
        project = services.update_project(
            project=self.project,
            changes=body.validated_data,
            by=caller_of(request),
            precondition=self._precondition(request),
        )
        return _answer(project, self.role)

    @extend_schema(
        operation_id="hub_delete_project",
        summary="Delete a project",
        description=(
            "Switches the project off for everybody; its orders are kept. Nobody can delete a personal project."
        ),
        parameters=[PROJECT_ID, IF_MATCH],
        responses={
            204: None,
            **errors_of(
                "hub",
                RoleNotEnough(DELETE_PROJECT.name),
                ProjectNotFound(),
                PersonalProject(),
                412,
            ),
        },
    )
    def delete(self, request: Request, project_id: str) -> Response:
        """Delete the project."""
        services.delete_project(
            project=self.project,
            by=caller_of(request),
            precondition=self._precondition(request),
        )
        return Response(status=204)

    def _precondition(self, request: Request) -> Callable[[Project], None]:
        role = self.role
        return lambda project: require_match(request, _etag(project, role))


def _role_in(project: Project) -> str | None:
    role: str | None = project.role  # type: ignore[attr-defined]  # annotated by the query
    return role


def _answer(project: Project, role: str | None, *, status: int = 200) -> Response:
    headers: dict[str, Any] = {"ETag": _etag(project, role)}
    return Response(project_body(project, role), status=status, headers=headers)
