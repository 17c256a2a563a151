"""`/api/v1/projects/{project_id}/notifications`: what a member hears of, and how."""

from collections.abc import Mapping
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.views.base import ProjectView
from accounts.callers import caller_of
from accounts.models import Project, User
from notifications.access import CHOOSE_NEWS
from notifications.api.hub import preference_docs as docs
from notifications.api.hub.preference_serializers import PreferencesInput
from notifications.services.preferences import (
    Preferences,
    change_preferences,
    preferences_for,
)
from notifications.ways import WAYS
from orderchainer.core.http.changes import read_changes
from orderchainer.core.http.surfaces import Body


class PreferencesView(ProjectView):
    """The caller's own preferences in a project."""

    operations: ClassVar[Mapping[str, Operation]] = {"GET": CHOOSE_NEWS, "PATCH": CHOOSE_NEWS}

    @docs.GET_PREFERENCES
    def get(self, request: Request, project_id: str) -> Response:
        """Answer the preferences."""
        user = caller_of(request)
        return Response(_body(self.project, user, preferences_for(self.project, user)))

    @docs.CHANGE_PREFERENCES
    def patch(self, request: Request, project_id: str) -> Response:
        """Set some of the preferences."""
        user = caller_of(request)
        before = _body(self.project, user, preferences_for(self.project, user))
        changes = read_changes(PreferencesInput, request.data, lambda: before, is_at_hand=True)
        after = change_preferences(project=self.project, user=user, changes=changes.plain)
        return Response(_body(self.project, user, after))


def _body(project: Project, user: User, preferences: Preferences) -> Body:
    return {
        "project_id": project.uuid,
        **{str(kind): ways for kind, ways in preferences.items()},
        "reachable": {name: user.pk in way.reached({user.pk}) for name, way in WAYS.items()},
    }
