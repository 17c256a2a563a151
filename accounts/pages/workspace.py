"""The base of the pages of a project, and the ways into a project."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.access import OPERATIONS, VIEW_PROJECT, Operation
from accounts.errors import ProjectNotFound
from accounts.models import Project, User
from accounts.pages.base import AccountPage
from accounts.pages.cookies import project_in, remember_project
from accounts.queries import may_also, project_for, projects_of
from orderchainer.core.errors import DomainError
from orderchainer.core.ids import uuid_in
from orderchainer.core.web.fragments import wants_fragment
from orderchainer.core.web.live import PROJECT_FEED, Live, live_of
from orderchainer.core.web.navigation import CORNER, links_for
from orderchainer.core.web.panels import panels_on


@dataclass(frozen=True)
class ShownProject:
    """A project as the frame of a page shows it.

    Staff also see projects without being members; their `role` is None there.
    """

    id: UUID
    name: str
    currency: str
    timezone: str
    role: str | None
    url: str
    is_current: bool


def shown(project: Project, *, current: Project | None = None) -> ShownProject:
    """Return a project that `project_for` or `projects_of` has found as pages show it."""
    return ShownProject(
        project.uuid,
        project.name,
        project.currency,
        project.timezone,
        project.role,  # type: ignore[attr-defined]  # annotated by the query
        reverse("workspace-project", kwargs={"project_id": project.uuid}),
        project == current,
    )


def shown_projects(user: User, *, current: Project | None = None) -> list[ShownProject]:
    """Return the projects of `user` as pages show them."""
    return [shown(project, current=current) for project in projects_of(user)]


class WorkspacePage(AccountPage):
    """A page whose path names a `project_id`. It finds the project before any handler runs.

    `operations` names the operation that the caller must be allowed for each method. A class with a
    method but no operation for it is a TypeError, so nobody forgets one. Within a handler,
    `self.project` is the project, annotated with the caller's `role`.
    """

    operations: ClassVar[Mapping[str, Operation]] = {}
    # Whether the page follows the events of its project.
    is_live: ClassVar[bool] = True
    project: Project | None = None
    live: Live | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        handled = {name for name in cls.http_method_names if hasattr(cls, name)}
        forgotten = {name.upper() for name in handled - {"options", "head"}}
        forgotten -= cls.operations.keys()
        if forgotten:
            msg = f"{cls.__name__} has no operation for {sorted(forgotten)}"
            raise TypeError(msg)

    def admit(self) -> HttpResponseBase | None:
        """Find out who asks, and the project. Raises `ProjectNotFound` and `RoleNotEnough`."""
        super().admit()
        self.project = project_for(self.person, self.kwargs["project_id"], self._operation())
        if self.is_live and not wants_fragment(self.request):
            # Before the handler reads anything: see `orderchainer.core.web.live`.
            self.live = live_of(PROJECT_FEED, self.project.uuid)
        return None

    def _operation(self) -> Operation:
        """Return the request's operation; for an unknown method (405) membership is enough."""
        method = "GET" if self.request.method == "HEAD" else self.request.method or ""
        return self.operations.get(method, VIEW_PROJECT)

    def may(self, operation: Operation | str) -> bool:
        """Tell whether the caller may also do this operation in the project."""
        asked = OPERATIONS[operation] if isinstance(operation, str) else operation
        return self.project is not None and may_also(self.person, self.project, asked)

    def finish(self, response: HttpResponseBase) -> HttpResponseBase:
        """Remember the project for the next time that the browser opens the workspace."""
        response = super().finish(response)
        if self.project is not None and response.status_code < 400:
            remember_project(self.request, response, self.project.uuid)
        return response

    def frame(self) -> Mapping[str, Any]:
        """Return who is signed in and where, the navigation, and where to listen."""
        frame = super().frame()
        current = self.project
        if current is None:
            return frame
        project = shown(current, current=current)
        match = self.request.resolver_match
        assert match is not None, "a view is only called for a path that was resolved"
        return {
            **frame,
            "project": project,
            # Parts of pages do not show them, so they are only read where a page does.
            "projects": SimpleLazyObject(lambda: shown_projects(self.person, current=current)),
            "role": project.role,
            "navigation": links_for(project.id, may=self.may, path=self.request.path),
            "corner": links_for(project.id, may=self.may, path=self.request.path, items=CORNER),
            "live": self.live,
            "search_url": reverse("palette", kwargs={"project_id": project.id}),
            "counts_url": reverse("counts", kwargs={"project_id": project.id}),
            "panels": panels_on(match.url_name or "", match.kwargs, may=self.may),
        }


class WorkspaceDoor(AccountPage):
    """`/app/` leads to the project that this browser has looked at last, or to the newest one.

    Everybody has a project of their own from the start. Who has made or joined another works there.

    With `?project=` it leads to that one, so that choosing a project needs no script.
    """

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go there."""
        if chosen := uuid_in(self.request.GET.get("project", "")):
            return redirect("workspace-project", project_id=chosen)
        projects = list(projects_of(self.person))
        if not projects:
            raise ProjectNotFound
        last = project_in(self.request)
        found = next((each for each in projects if each.uuid == last), projects[-1])
        return redirect("workspace-project", project_id=found.uuid)

    def way_out(self, exc: DomainError) -> Mapping[str, str]:
        """Lead those who have no project to a new one."""
        if isinstance(exc, ProjectNotFound):
            return {"label": "Create a project", "href": reverse("project-new")}
        return super().way_out(exc)


class ProjectDoor(WorkspacePage):
    """`/app/{project}/` leads to the first page of the project that the caller may see."""

    template_name = "workspace/empty.html"
    operations: ClassVar[Mapping[str, Operation]] = {"GET": VIEW_PROJECT}
    is_live = False

    def get(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go there."""
        assert self.project is not None
        links = links_for(self.project.uuid, may=self.may, path=self.request.path)
        return redirect(links[0].url) if links else self.show()
