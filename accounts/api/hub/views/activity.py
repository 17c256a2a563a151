"""The activity log of an account and of a project."""

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import VIEW_ACTIVITY
from accounts.api.hub.docs import activity as docs
from accounts.api.hub.filters import narrowed
from accounts.api.hub.presentation import activity_body
from accounts.api.hub.views.base import ProjectView
from accounts.callers import caller_of
from accounts.models import Activity, Project, User
from accounts.queries import activity_in, activity_of, people_in
from orderchainer.core.http.pagination import bare_list, page_window_of
from orderchainer.core.http.views import SurfaceView
from orderchainer.core.windows import part_of


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

    @docs.LIST_OWN_ACTIVITY
    def get(self, request: Request) -> Response:
        """List the caller's own activity."""
        user = caller_of(request)
        return _answer(request, activity_of(user), viewer=user)


class ProjectActivityView(ProjectView):
    """What happened in a project."""

    operations: ClassVar = {"GET": VIEW_ACTIVITY}

    @docs.LIST_PROJECT_ACTIVITY
    def get(self, request: Request, project_id: str) -> Response:
        """List the project's activity."""
        return _answer(
            request,
            activity_in(self.project),
            viewer=caller_of(request),
            project=self.project,
        )
