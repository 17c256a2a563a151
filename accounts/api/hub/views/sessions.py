"""`/api/v1/auth/sessions`: where somebody is signed in, and ending it from afar."""

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
    """All open sessions of the caller. Tokens neither see nor end them: there is no `area`."""

    @docs.LIST_SESSIONS
    def get(self, request: Request) -> Response:
        """List them."""
        window = page_window_of(request)
        rows, total = part_of(sessions_of(caller_of(request)), window)
        shown = [
            session_body(session, current=session == request.auth) for session in rows
        ]
        return bare_list(request, shown, total=total, window=window)

    @docs.END_SESSIONS
    def delete(self, request: Request) -> Response:
        """End them."""
        services.end_sessions(user=caller_of(request), reason=Session.EndReason.REVOKED)
        return Response(status=204)


class SessionView(SurfaceView):
    """One open session of the caller."""

    @docs.END_SESSION
    def delete(self, request: Request, session_id: str) -> Response:
        """End it."""
        session = session_for(caller_of(request), session_id)
        services.end_session(session=session, reason=Session.EndReason.REVOKED)
        return Response(status=204)
