"""The base class of views of a project and of things in it."""

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

    `operations` names the operation that the caller must be allowed for each method. `self.project`
    is then the project, annotated with the caller's `role` (None for staff who are not members).
    A class with a method but no operation for it is a TypeError, so nobody forgets one.
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
        """Prepare the request, and find the project."""
        super().initial(request, *args, **kwargs)
        self.project = project_for(
            caller_of(request), kwargs["project_id"], self.operation_of(request)
        )

    def operation_of(self, request: Request) -> Operation:
        """Return the request's operation; for an unknown method (405) membership is enough."""
        method = "GET" if request.method == "HEAD" else request.method or ""
        return self.operations.get(method, VIEW_PROJECT)

    @property
    def role(self) -> str | None:
        """The caller's role in the project; None for staff who are not members."""
        role: str | None = self.project.role  # type: ignore[attr-defined]  # annotated by `project_for`
        return role
