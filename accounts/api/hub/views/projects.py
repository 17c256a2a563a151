"""`/api/v1/projects`: the hub's projects."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.access import CHANGE_PROJECT, DELETE_PROJECT, VIEW_PROJECT, Operation
from accounts.api.hub.docs import projects as docs
from accounts.api.hub.presentation import project_body
from accounts.api.hub.serializers.projects import NewProject, ProjectChanges
from accounts.api.hub.views.base import ProjectView
from accounts.callers import caller_of
from accounts.models import Project
from accounts.queries import projects_of
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.conditional import (
    answer_unless_unchanged,
    etag_of,
    require_match,
)
from orderchainer.core.http.pagination import bare_list, page_window_of
from orderchainer.core.http.views import SurfaceView
from orderchainer.core.windows import part_of


def _etag(project: Project, role: str | None) -> str:
    """Return the entity tag of a project for a caller in that role, which the body shows."""
    version = int(project.updated_at.timestamp() * 1_000_000)
    return etag_of("project", project.pk, version, **{role or "staff": True})


class ProjectsView(SurfaceView):
    """The caller's projects."""

    area = "projects"

    @docs.LIST_PROJECTS
    def get(self, request: Request) -> Response:
        """Answer a page of the caller's projects."""
        window = page_window_of(request)
        page, total = part_of(projects_of(caller_of(request)), window)
        return bare_list(
            request,
            [project_body(project, _role_in(project)) for project in page],
            total=total,
            window=window,
        )

    @docs.CREATE_PROJECT
    def post(self, request: Request) -> Response:
        """Create a project."""
        body = NewProject(data=request.data)
        body.is_valid(raise_exception=True)
        project = services.create_project(owner=caller_of(request), **body.validated_data)
        return _answer(project, "owner", status=201)


class OneProjectView(ProjectView):
    """One project."""

    operations: ClassVar[Mapping[str, Operation]] = {
        "GET": VIEW_PROJECT,
        "PATCH": CHANGE_PROJECT,
        "DELETE": DELETE_PROJECT,
    }

    @docs.GET_PROJECT
    def get(self, request: Request, project_id: str) -> Response | HttpResponse:
        """Return the project."""
        return answer_unless_unchanged(
            request,
            _etag(self.project, self.role),
            lambda: project_body(self.project, self.role),
        )

    @docs.UPDATE_PROJECT
    def patch(self, request: Request, project_id: str) -> Response:
        """Change the project."""
        body = read_changes(
            ProjectChanges,
            request.data,
            lambda: project_body(self.project, self.role),
            is_at_hand=True,
        )
        project = services.update_project(
            project=self.project,
            changes=body.validated_data,
            by=caller_of(request),
            precondition=self._precondition(request),
        )
        return _answer(project, self.role)

    @docs.DELETE_PROJECT
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
