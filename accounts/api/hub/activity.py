"""What happened to an account and in a project: the hub's reading of the activity log."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, ClassVar

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters.fields import IsoDateTimeField
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import Operation
from accounts.api.hub.project_view import PROJECT_ID, ProjectView
from accounts.errors import ProjectNotFound, RoleNotEnough
from accounts.events import ActivityType
from accounts.models import Activity, Project, User
from accounts.queries import Person, activity_in, activity_of, people_in
from orderchainer.core.errors import Invalid
from orderchainer.core.http.moments import seconds
from orderchainer.core.http.pagination import bare_list, page_window_of, part_of
from orderchainer.core.http.schema import PAGE_WINDOW, answer_example, errors_of
from orderchainer.core.http.views import SurfaceView

# What staff search by, and nobody learns: who has many accounts could otherwise tell by their own which
# address stands behind which digest in the log.
_FOR_STAFF = frozenset({"email_digest"})


# --- What can be asked ------------------------------------------------------------------------


class _MomentField(IsoDateTimeField):  # type: ignore[misc]  # untyped library
    """A moment in ISO 8601, UTC where it names no zone."""

    default_error_messages = {  # noqa: RUF012  (Django's forms have it so)
        "invalid": "This is no moment; for example 2025-01-12T10:00:00Z."
    }

    def to_python(self, value: Any) -> datetime | None:
        """Read a moment, and refuse one for which UTC has no year."""
        moment: datetime | None = super().to_python(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as exc:
            raise ValidationError(self.error_messages["invalid"]) from exc


class _MomentFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]  # untyped library
    field_class = _MomentField


class ActivityFilter(django_filters.FilterSet):  # type: ignore[misc]  # untyped library
    """`type` (repeatable), and `since` one moment (included) `until` another (not included)."""

    type = django_filters.MultipleChoiceFilter(choices=ActivityType.choices)
    since = _MomentFilter(field_name="created_at", lookup_expr="gte")
    until = _MomentFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Activity
        fields = ()


def _narrowed(activities: QuerySet[Activity], request: Request) -> QuerySet[Activity]:
    """Apply what the query string asks for. Raises `Invalid` that names the parameter."""
    filterset = ActivityFilter(request.query_params, queryset=activities)
    if not filterset.is_valid():
        raise Invalid(
            {name: list(messages) for name, messages in filterset.errors.items()}
        )
    found: QuerySet[Activity] = filterset.qs
    return found


_FILTERS = [
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


# --- What is answered -------------------------------------------------------------------------


class PersonOutput(serializers.Serializer[Any]):
    """Somebody who has to do with it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField(
        allow_null=True,
        help_text="Empty where you need not know: they are not you, and no member of the project.",
    )


class ActivityOutput(serializers.Serializer[Any]):
    """Something that happened."""

    id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=ActivityType.choices)
    created_at = serializers.CharField(help_text="As `2025-01-12T10:00:00Z`.")
    user = PersonOutput(allow_null=True, help_text="To whose account it happened.")
    actor = PersonOutput(
        allow_null=True, help_text="Who did it; empty where nobody had signed in."
    )
    project_id = serializers.UUIDField(allow_null=True)
    ip_address = serializers.CharField(
        allow_null=True,
        help_text="Where it came from. Where somebody else was, is theirs alone.",
    )
    user_agent = serializers.CharField()
    data = serializers.DictField(help_text="What else is to say of it.")  # type: ignore[assignment]  # a field, not the property


def _shown(
    activity: Activity, *, viewer: User, people: Mapping[int, Person]
) -> dict[str, Any]:
    """Write one activity.

    From where something was done is told to who did it, and to whose account it was done by nobody known:
    where somebody else is at home is not the business of a project's owner.
    """
    is_told_where = activity.actor_id == viewer.pk or (
        activity.actor_id is None and activity.user_id == viewer.pk
    )
    return {
        "id": activity.uuid,
        "type": activity.type,
        "created_at": seconds(activity.created_at),
        "user": _shown_person(activity.user_id, people),
        "actor": _shown_person(activity.actor_id, people),
        "project_id": activity.project_uuid,  # type: ignore[attr-defined]  # annotated by the query
        "ip_address": activity.ip_address if is_told_where else None,
        "user_agent": activity.user_agent if is_told_where else "",
        "data": {
            name: value
            for name, value in activity.data.items()
            if name not in _FOR_STAFF
        },
    }


def _shown_person(
    user_id: int | None, people: Mapping[int, Person]
) -> dict[str, Any] | None:
    person = people.get(user_id or 0)
    return None if person is None else asdict(person)


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


# --- The views --------------------------------------------------------------------------------


def _answer(
    request: Request,
    activities: QuerySet[Activity],
    *,
    viewer: User,
    project: Project | None = None,
) -> Response:
    window = page_window_of(request)
    found = _narrowed(activities, request)
    page, total = part_of(found, window)
    people = people_in(page, viewer=viewer, project=project)
    return bare_list(
        request,
        [_shown(activity, viewer=viewer, people=people) for activity in page],
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
        parameters=[*_FILTERS, *PAGE_WINDOW],
        responses={200: ActivityOutput(many=True), **errors_of("hub", 422)},
        examples=[answer_example("A sign-in", _SIGNED_IN)],
    )
    def get(self, request: Request) -> Response:
        """List the caller's own activity."""
        user = request.user
        assert isinstance(user, User)
        return _answer(request, activity_of(user), viewer=user)


class ProjectActivityView(ProjectView):
    """What happened in a project."""

    operations: ClassVar = {"GET": Operation.VIEW_ACTIVITY}

    @extend_schema(
        summary="List what happened in a project",
        description=(
            "Who changed the project, its members and their roles, the newest first, for its owners. "
            "Addresses and programs of others are not told."
        ),
        parameters=[PROJECT_ID, *_FILTERS, *PAGE_WINDOW],
        responses={
            200: ActivityOutput(many=True),
            **errors_of(
                "hub", RoleNotEnough(Operation.VIEW_ACTIVITY), ProjectNotFound(), 422
            ),
        },
        examples=[answer_example("Another role for somebody", _PROMOTED)],
    )
    def get(self, request: Request, project_id: str) -> Response:
        """List the project's activity."""
        return _answer(
            request,
            activity_in(self.project),
            viewer=self.caller,
            project=self.project,
        )
