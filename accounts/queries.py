"""What accounts can tell: whose token this is, what is still open, and who gets into which project."""

from collections.abc import Iterable
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.access import STAFF_MAY_VIEW, STAFF_PERMISSIONS, Operation, may
from accounts.errors import ProjectNotFound, RoleNotEnough, TokenRefused
from accounts.models import ApiToken, Membership, Project, Session, User
from accounts.tokens import (
    API_TOKEN_START,
    SessionAccessToken,
    digest_of,
    prefix_of,
    read_token,
    session_id_of,
)
from orderchainer.api.prepared import Row, prepared


def credential_of(token: str) -> Session | ApiToken:
    """Return what a bearer token stands for, its user loaded, in one statement.

    Raises `TokenRefused` (an `Unauthenticated`) for any token that opens nothing.
    """
    if token.startswith(API_TOKEN_START):
        return api_token_of(token)
    return session_of(token)


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


def api_token_of(token: str) -> ApiToken:
    """Return the open API token that is spelt so, its user loaded, in one statement.

    Raises `TokenRefused` (an `Unauthenticated`) for any that opens nothing.
    """
    found = (
        ApiToken.objects.select_related("user").filter(prefix=prefix_of(token)).first()
    )
    if (
        found is None
        or not constant_time_compare(found.digest, digest_of(token))
        or not found.is_open
    ):
        raise TokenRefused
    return found


def still_open(credential_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of the sessions and API tokens that are open: for connections that last.

    One statement, and another where not all of them are open sessions.
    """
    ids = set(credential_ids)
    found = set(_open_sessions(ids))
    if others := ids - found:
        tokens = ApiToken.objects.select_related("user").filter(pk__in=others)
        found |= {token.pk for token in tokens if token.is_open}
    return found


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


# --- Projects ---------------------------------------------------------------------------------


def project_for(user: User, project_id: UUID | str, operation: Operation) -> Project:
    """Return the open project in which `user` may do `operation`: the one door to what is scoped to it.

    `project_id` is its UUID. Members may do what the matrix gives their role, staff look everywhere and
    change with the back office's permission. Raises `ProjectNotFound`, alike for missing, deleted and
    not theirs, and `RoleNotEnough` to those who see it and may not.
    """
    uuid = _uuid_in(project_id)
    project = (
        Project.objects.filter(uuid=uuid, is_active=True)
        .annotate(
            role=Subquery(
                Membership.objects.filter(project=OuterRef("pk"), user=user).values(
                    "role"
                )[:1]
            )
        )
        .first()
        if uuid
        else None
    )
    if project is None:
        raise ProjectNotFound
    role: str | None = project.role
    if role is not None and may(role, operation):
        return project
    if user.is_staff and _staff_may(user, operation):
        return project
    if role is None and not user.is_staff:
        raise ProjectNotFound
    raise RoleNotEnough(operation)


def _staff_may(user: User, operation: Operation) -> bool:
    permission = STAFF_PERMISSIONS.get(operation)
    return operation in STAFF_MAY_VIEW or (
        permission is not None and user.has_perm(permission)
    )


def _uuid_in(text: UUID | str) -> UUID | None:
    """Return the UUID, or None for what is none: nothing is found under it."""
    if isinstance(text, UUID):
        return text
    try:
        return UUID(text)
    except ValueError:
        return None
