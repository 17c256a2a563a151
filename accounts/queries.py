"""What accounts can tell: whose token this is, and which sessions are still open."""

from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from accounts.errors import TokenRefused
from accounts.models import Session
from accounts.tokens import SessionAccessToken, read_token, session_id_of


def session_of(access_token: str) -> Session:
    """Return the open session of an access token, its user loaded, in one statement.

    Raises `TokenRefused` (an `Unauthenticated`) for any token that opens nothing.
    """
    token = read_token(SessionAccessToken, access_token)
    session = _open_sessions([session_id_of(token)]).get(session_id_of(token))
    if session is None:
        raise TokenRefused
    return session


def still_open(session_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of the sessions that are open, in one statement: for connections that last."""
    return set(_open_sessions(session_ids))


def _open_sessions(session_ids: Iterable[UUID]) -> dict[UUID, Session]:
    """Return the open ones by id.

    Open means not ended, not expired, of an active user whose password is still the one of the
    sign-in; the last is no column to filter by, since it is an HMAC over the password's hash.
    """
    sessions = Session.objects.select_related("user").filter(
        pk__in=list(session_ids),
        ended_at=None,
        expires_at__gt=timezone.now(),
        user__is_active=True,
    )
    return {session.pk: session for session in sessions if session.has_current_password}
