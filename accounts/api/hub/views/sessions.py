"""`/api/v1/auth/sessions`: where somebody is signed in, and ending it from afar."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.hub.presentation import session_body
from accounts.api.hub.serializers.sessions import SessionOutput
from accounts.callers import caller_of
from accounts.errors import SessionNeeded, SessionNotFound
from accounts.models import Session
from accounts.queries import session_for, sessions_of
from orderchainer.core.http.pagination import bare_list, page_window_of, part_of
from orderchainer.core.http.schema import PAGE_WINDOW, answer_example, errors_of
from orderchainer.core.http.views import SurfaceView

SESSION_EXAMPLE = {
    "id": "3a3d6f0c-2f38-4f7e-9d55-1d0a6c1f7c21",
    "created_at": "2025-01-12T10:00:00Z",
    "expires_at": "2025-01-19T10:00:00Z",
    "ip_address": "192.0.2.7",
    "user_agent": "curl/8.5.0",
    "current": True,
}


class SessionsView(SurfaceView):
    """All open sessions of the caller. Tokens neither see nor end them: there is no `area`."""

    @extend_schema(
        operation_id="list_sessions",
        summary="List your sessions",
        description="Where you are signed in, the newest first.",
        parameters=PAGE_WINDOW,
        responses={
            200: SessionOutput(many=True),
            **errors_of("hub", SessionNeeded(), 422),
        },
        examples=[answer_example("A session", SESSION_EXAMPLE)],
    )
    def get(self, request: Request) -> Response:
        """List them."""
        window = page_window_of(request)
        rows, total = part_of(sessions_of(caller_of(request)), window)
        shown = [
            session_body(session, current=session == request.auth) for session in rows
        ]
        return bare_list(request, shown, total=total, window=window)

    @extend_schema(
        operation_id="end_sessions",
        summary="End all your sessions",
        description=(
            "Signs you out everywhere, here too. All tokens of the sessions die at once, open WebSockets "
            "too. API tokens go on."
        ),
        responses={204: None, **errors_of("hub", SessionNeeded())},
    )
    def delete(self, request: Request) -> Response:
        """End them."""
        services.end_sessions(user=caller_of(request), reason=Session.EndReason.REVOKED)
        return Response(status=204)


class SessionView(SurfaceView):
    """One open session of the caller."""

    @extend_schema(
        operation_id="end_session",
        summary="End one of your sessions",
        description="Signs you out there. Its tokens die at once, its open WebSockets too.",
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
    def delete(self, request: Request, session_id: str) -> Response:
        """End it."""
        session = session_for(caller_of(request), session_id)
        services.end_session(session=session, reason=Session.EndReason.REVOKED)
        return Response(status=204)
