"""The schema of `/api/v1/auth/sessions`."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.api.hub.serializers.sessions import SessionOutput
from accounts.errors import SessionNeeded, SessionNotFound
from orderchainer.core.http.schema import PAGE_WINDOW, answer_example, errors_of

SESSION_EXAMPLE = {
    "id": "3a3d6f0c-2f38-4f7e-9d55-1d0a6c1f7c21",
    "created_at": "2025-01-12T10:00:00Z",
    "expires_at": "2025-01-19T10:00:00Z",
    "ip_address": "192.0.2.7",
    "user_agent": "curl/8.5.0",
    "door": "api",
    "current": True,
}


LIST_SESSIONS = extend_schema(
    operation_id="hub_list_sessions",
    summary="List your sessions",
    description="Where you are signed in, newest first.",
    parameters=PAGE_WINDOW,
    responses={
        200: SessionOutput(many=True),
        **errors_of("hub", SessionNeeded(), 422),
    },
    examples=[answer_example("A session", SESSION_EXAMPLE)],
)

END_SESSIONS = extend_schema(
    operation_id="hub_end_sessions",
    summary="End all your sessions",
    description=(
        "Signs you out everywhere, including here. All tokens of the sessions become "
        "invalid at once, and their WebSockets close. API tokens stay valid."
    ),
    responses={204: None, **errors_of("hub", SessionNeeded())},
)

END_SESSION = extend_schema(
    operation_id="hub_end_session",
    summary="End one of your sessions",
    description=(
        "Signs you out of that session. Its tokens become invalid at once, and its "
        "WebSockets close."
    ),
    parameters=[
        OpenApiParameter(
            "session_id",
            OpenApiTypes.UUID,
            OpenApiParameter.PATH,
            description="The session's id.",
        )
    ],
    responses={204: None, **errors_of("hub", SessionNeeded(), SessionNotFound())},
)
