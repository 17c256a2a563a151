"""The schema of the activity log."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.access import VIEW_ACTIVITY
from accounts.api.hub.docs import PROJECT_ID
from accounts.api.hub.serializers.activity import ActivityOutput
from accounts.errors import ProjectNotFound, RoleNotEnough
from accounts.events import ActivityType
from orderchainer.core.http.schema import PAGE_WINDOW, answer_example, errors_of

FILTERS = [
    OpenApiParameter(
        "type",
        enum=ActivityType.values,
        many=True,
        description="Only this type of activity; may be repeated.",
    ),
    OpenApiParameter(
        "since",
        OpenApiTypes.DATETIME,
        description="Only what happened at this moment or later.",
    ),
    OpenApiParameter(
        "until",
        OpenApiTypes.DATETIME,
        description="Only what happened before this moment.",
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


LIST_OWN_ACTIVITY = extend_schema(
    operation_id="hub_list_own_activity",
    summary="List what happened to your account",
    description=(
        "Sign-ins, failed sign-ins, sessions, API tokens, and changes of e-mail, "
        "password and roles, the newest first. For a failed sign-in you see the address "
        "that it came from. You do not see the address of another user who changed your "
        "account. Entries older than `ACTIVITY_RETENTION_DAYS` are deleted."
    ),
    parameters=[*FILTERS, *PAGE_WINDOW],
    responses={200: ActivityOutput(many=True), **errors_of("hub", 422)},
    examples=[answer_example("A sign-in", _SIGNED_IN)],
)

LIST_PROJECT_ACTIVITY = extend_schema(
    operation_id="hub_list_project_activity",
    summary="List what happened in a project",
    description=(
        "Changes of the project, its members and their roles, the newest first. Only "
        "owners can read it. The addresses and programs of others are not shown."
    ),
    parameters=[PROJECT_ID, *FILTERS, *PAGE_WINDOW],
    responses={
        200: ActivityOutput(many=True),
        **errors_of("hub", RoleNotEnough(VIEW_ACTIVITY.name), ProjectNotFound(), 422),
    },
    examples=[answer_example("A changed role", _PROMOTED)],
)
