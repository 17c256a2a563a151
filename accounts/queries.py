"""What accounts can tell: whose token this is, and which sessions are still open."""

from collections.abc import Iterable
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import TokenRefused
from accounts.models import Session, User
from accounts.tokens import SessionAccessToken, read_token, session_id_of
from orderchainer.api.prepared import Row, prepared


def session_of(access_token: str) -> Session:
    """Return the open session of an access token, its user loaded, in one statement.

    Raises `TokenRefused` (an `Unauthenticated`) for any token that opens nothing.
    """
    token = read_token(SessionAccessToken, access_token)
    for row in _sessions_with_users(session_id_of(token)):
        session = _session_of_row(row)
        if session.is_open:
            return session
    raise TokenRefused


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


_SESSION_FIELDS = [field.attname for field in Session._meta.concrete_fields]
_USER_FIELDS = [field.attname for field in User._meta.concrete_fields]


@prepared
def _sessions_with_users(session_id: UUID) -> QuerySet[Session, Row]:
    sessions: QuerySet[Session, Row] = Session.objects.filter(pk=session_id).values(
        *_SESSION_FIELDS, *(f"user__{name}" for name in _USER_FIELDS)
    )
    return sessions


def _session_of_row(row: Row) -> Session:
    values = list(row.values())
    session = Session.from_db(
        DEFAULT_DB_ALIAS, _SESSION_FIELDS, values[: len(_SESSION_FIELDS)]
    )
    session.user = User.from_db(
        DEFAULT_DB_ALIAS, _USER_FIELDS, values[len(_SESSION_FIELDS) :]
    )
    return session
