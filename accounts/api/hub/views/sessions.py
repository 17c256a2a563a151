"""`/api/v1/auth/sessions`: list the caller's sessions, and end them."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.hub.docs import sessions as docs
from accounts.api.hub.presentation import session_body
from accounts.callers import caller_of
from accounts.models import Session
from accounts.queries import session_for, sessions_of
from orderchainer.core.http.pagination import bare_list, page_window_of
from orderchainer.core.http.views import SurfaceView
from orderchainer.core.windows import part_of


class SessionsView(SurfaceView):
    """The caller's open sessions. Without an `area`, API tokens can neither see nor end them."""

    @docs.LIST_SESSIONS
    def get(self, request: Request) -> Response:
        """List the sessions."""
        window = page_window_of(request)
        rows, total = part_of(sessions_of(caller_of(request)), window)
        shown = [session_body(session, current=session == request.auth) for session in rows]
        return bare_list(request, shown, total=total, window=window)

    @docs.END_SESSIONS
    def delete(self, request: Request) -> Response:
        """End all sessions."""
        services.end_sessions(user=caller_of(request), reason=Session.EndReason.REVOKED)
        return Response(status=204)


class SessionView(SurfaceView):
    """One of the caller's open sessions."""

    @docs.END_SESSION
    def delete(self, request: Request, session_id: str) -> Response:
        """End the session."""
        session = session_for(caller_of(request), session_id)
        services.end_session(session=session, reason=Session.EndReason.REVOKED)
        return Response(status=204)
