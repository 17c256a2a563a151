"""Sessions and API tokens: whom a token belongs to, what a user has open, and what still works."""

from collections.abc import Iterable, Mapping
from typing import TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.errors import SessionNotFound, TokenRefused
from accounts.models import ApiToken, Profile, Session, User
from accounts.tokens import (
    API_TOKEN_START,
    SocketTicket,
    digest_of,
    prefix_of,
    read_token,
    session_id_in,
    session_id_of,
)
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.ids import uuid_in


def credential_of(token: str) -> Session | ApiToken:
    """Return the session or API token behind a bearer token, its user loaded, in one statement.

    Raises `TokenRefused` (an `Unauthenticated`) for any token that does not work.
    """
    if token.startswith(API_TOKEN_START):
        return api_token_of(token)
    return session_of(token)


def session_of(access_token: str) -> Session:
    """Return the open session of an access token, its user loaded, in one statement.

    Raises `TokenRefused` (an `Unauthenticated`) for any token that does not work.
    """
    for row in _sessions_with_users(session_id_in(access_token)):
        session = _loaded(Session, row)
        if session.is_open:
            return session
    raise TokenRefused


def api_token_of(token: str) -> ApiToken:
    """Return the valid API token with this text, its user loaded, in one statement.

    Raises `TokenRefused` (an `Unauthenticated`) for any token that does not work.
    """
    digest = digest_of(token)
    for row in _api_tokens_with_users(prefix_of(token)):
        found = _loaded(ApiToken, row)
        if constant_time_compare(found.digest, digest) and found.is_open:
            return found
    raise TokenRefused


def session_of_ticket(ticket: str) -> Session:
    """Return the open session of a socket ticket, its user loaded, in one statement.

    Raises `TokenRefused` for any ticket that does not work.
    """
    token = read_token(SocketTicket, ticket)
    for row in _sessions_with_users(session_id_of(token)):
        session = _loaded(Session, row)
        if session.is_open:
            return session
    raise TokenRefused


def socket_credential_of(token: str) -> Session | ApiToken:
    """Return what lets a socket in: the credential of a bearer token, or the session of a ticket.

    Raises `TokenRefused` for any token that does not work.
    """
    try:
        return session_of_ticket(token)
    except TokenRefused:
        return credential_of(token)


def browser_session_of(session_id: UUID) -> Session | None:
    """Return the open session that a browser's cookie names, or None.

    Its user and their profile are loaded, all in one statement.
    """
    for row in _browser_sessions(session_id):
        profile = [row.pop(f"user__profile__{name}") for name in _COLUMNS[Profile]]
        session = _loaded(Session, row)
        session.user.profile = Profile.from_db(DEFAULT_DB_ALIAS, _COLUMNS[Profile], profile)
        if session.is_open:
            return session
    return None


def sessions_of(user: User) -> QuerySet[Session]:
    """Return the open sessions of `user`, newest first."""
    return Session.objects.filter(
        user=user,
        ended_at=None,
        expires_at__gt=timezone.now(),
        password_fingerprint=user.get_session_auth_hash(),
    ).order_by("-created_at", "pk")


def session_for(user: User, session_id: UUID | str) -> Session:
    """Return an open session of `user`. Raises `SessionNotFound`."""
    uuid = uuid_in(session_id)
    session = sessions_of(user).filter(pk=uuid).first() if uuid else None
    if session is None:
        raise SessionNotFound
    return session


def api_tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the API tokens of `user` that are not revoked, even expired ones, newest first."""
    return ApiToken.objects.filter(user=user, revoked_at=None).order_by("-created_at", "pk")


def still_open(credential_ids: Iterable[UUID]) -> set[UUID]:
    """Return which of these sessions and API tokens still work, for long-lived connections.

    One statement, and a second one unless all of them are open sessions.
    """
    ids = set(credential_ids)
    found = set(_open_sessions(ids))
    if others := ids - found:
        tokens = ApiToken.objects.in_force().filter(pk__in=others, user__is_active=True)
        found.update(tokens.values_list("pk", flat=True))
    return found


def _open_sessions(session_ids: Iterable[UUID]) -> dict[UUID, Session]:
    """Return the open sessions among these, by id.

    Open means: not ended, not expired, and its user is active and still has the password of the
    sign-in. We cannot filter by the last in SQL, because it is an HMAC over the password's hash.
    """
    sessions = Session.objects.select_related("user").filter(
        pk__in=list(session_ids),
        ended_at=None,
        expires_at__gt=timezone.now(),
        user__is_active=True,
    )
    return {session.pk: session for session in sessions if session.has_current_password}


AnyCredential = TypeVar("AnyCredential", Session, ApiToken)


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


_COLUMNS: Mapping[type[Model], list[str]] = {
    model: _columns(model) for model in (Session, ApiToken, User, Profile)
}


@prepared
def _sessions_with_users(session_id: UUID) -> QuerySet[Session, Row]:
    return _with_users(Session, Session.objects.filter(pk=session_id))


@prepared
def _browser_sessions(session_id: UUID) -> QuerySet[Session, Row]:
    sessions = Session.objects.filter(pk=session_id, door=Session.Door.BROWSER)
    rows: QuerySet[Session, Row] = sessions.values(
        *_COLUMNS[Session],
        *(f"user__{name}" for name in _COLUMNS[User]),
        *(f"user__profile__{name}" for name in _COLUMNS[Profile]),
    )
    return rows


@prepared
def _api_tokens_with_users(prefix: str) -> QuerySet[ApiToken, Row]:
    return _with_users(ApiToken, ApiToken.objects.filter(prefix=prefix))


def _with_users(
    model: type[AnyCredential], rows: QuerySet[AnyCredential]
) -> QuerySet[AnyCredential, Row]:
    values: QuerySet[AnyCredential, Row] = rows.values(
        *_COLUMNS[model], *(f"user__{name}" for name in _COLUMNS[User])
    )
    return values


def _loaded(model: type[AnyCredential], row: Row) -> AnyCredential:
    """Return the objects in a row of `_with_users`."""
    values = list(row.values())
    own = _COLUMNS[model]
    credential = model.from_db(DEFAULT_DB_ALIAS, own, values[: len(own)])
    credential.user = User.from_db(DEFAULT_DB_ALIAS, _COLUMNS[User], values[len(own) :])
    return credential
