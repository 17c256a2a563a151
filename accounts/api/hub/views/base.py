"""The base of every view of something in a project."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request

from accounts.access import VIEW_PROJECT, Operation
from accounts.callers import caller_of
from accounts.models import Project
from accounts.queries import project_for
from orderchainer.core.http.views import SurfaceView


class ProjectView(SurfaceView):
    """A view whose path names a `project_id`. It finds the project before any handler runs.

    `operations` names for each method what the caller has to be allowed; `self.project` is then the
    project, annotated with the caller's `role` (None for staff who are no members). A method without an
    entry cannot be declared: nobody forgets to ask.
    """

    area = "projects"
    operations: ClassVar[Mapping[str, Operation]] = {}
    project: Project

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        handled = {name for name in cls.http_method_names if hasattr(cls, name)}
        forgotten = {name.upper() for name in handled - {"options", "head"}}
        forgotten -= cls.operations.keys()
        if forgotten:
            msg = f"{cls.__name__} has no operation for {sorted(forgotten)}"
            raise TypeError(msg)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Do what comes before every handler, and find the project."""
        super().initial(request, *args, **kwargs)
        self.project = project_for(
            caller_of(request), kwargs["project_id"], self.operation_of(request)
        )

    def operation_of(self, request: Request) -> Operation:
        """Return what the request asks for; to be a member is enough for what is not there (405)."""
        method = "GET" if request.method == "HEAD" else request.method or ""
        return self.operations.get(method, VIEW_PROJECT)

    @property
    def role(self) -> str | None:
        """What the caller is in the project; None for staff who are no members."""
        role: str | None = self.project.role  # type: ignore[attr-defined]  # annotated by `project_for`
        return role
