"""Sign in, stay signed in, sign out."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY, authenticate
from django.contrib.sessions.models import Session as CookieSession
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import (
    BlacklistedToken,
    OutstandingToken,
)
from rest_framework_simplejwt.utils import datetime_from_epoch

from accounts.activity import NOBODY, Stranger, record_activity, record_each
from accounts.errors import EmailNotVerified, InvalidCredentials, TokenRefused
from accounts.events import ActivityType, announce_ended_credentials
from accounts.models import Session, User
from accounts.security import email_digest, security_log
from accounts.services.reach import require_reach
from accounts.tokens import (
    SessionAccessToken,
    SessionRefreshToken,
    TokenPair,
    issue_pair,
    read_token,
    session_id_of,
)
from orderchainer.core.clients import current_client

# A client with two tabs, or one that lost our answer, may send a token twice within a moment. Later
# than this, one of the two senders is a thief.
REUSE_LEEWAY = timedelta(seconds=30)
# How often at most a browser's visits extend its session.
EXTENDED_EVERY = timedelta(days=1)


def sign_in(*, email: str, password: str) -> TokenPair:
    """Open a session with e-mail and password. Raises `InvalidCredentials`, `EmailNotVerified`.

    An unknown e-mail takes as long as a wrong password, because Django runs the hasher for it as
    well.
    """
    return issue_pair(_sign_in(email, password, Session.Door.API))


def sign_in_browser(*, email: str, password: str) -> Session:
    """Do the same for a browser, whose cookie will name the session. Raises the same."""
    return _sign_in(email, password, Session.Door.BROWSER)


def _sign_in(email: str, password: str, door: Session.Door) -> Session:
    user = authenticate(username=email, password=password)
    if not isinstance(user, User):
        raise InvalidCredentials
    try:
        return _opened(user, door)
    except EmailNotVerified:
        # Whoever tried knows the password, so we record the attempt, and do so outside of the
        # transaction that the refusal rolled back.
        record_activity(
            ActivityType.LOGIN_FAILED,
            user=user,
            by=NOBODY,
            email_digest=email_digest(user.email),
            reason=EmailNotVerified.code,
        )
        raise


def open_session(*, user: User) -> TokenPair:
    """Open a session for a user who has proven who they are, and return its first tokens.

    Raises `EmailNotVerified` if only verified users may have tokens.
    """
    return issue_pair(_opened(user, Session.Door.API))


def open_browser_session(*, user: User) -> Session:
    """Open a session for the browser of a user who has proven who they are.

    Raises `EmailNotVerified` as `open_session` does.
    """
    return _opened(user, Session.Door.BROWSER)


@transaction.atomic
def _opened(user: User, door: Session.Door) -> Session:
    _require_verified(user)
    moment = timezone.now()
    client = current_client()
    session = Session.objects.create(
        user=user,
        door=door,
        # The fingerprint is of the password that we checked. If somebody has changed the password
        # since, this session never works.
        password_fingerprint=user.get_session_auth_hash(),
        expires_at=moment + api_settings.REFRESH_TOKEN_LIFETIME,
        ip_address=client.address,
        user_agent=client.user_agent,
    )
    User.objects.filter(pk=user.pk).update(last_login=moment)
    about: dict[str, Any] = {"door": str(door)} if door == Session.Door.BROWSER else {}
    record_activity(ActivityType.LOGIN_SUCCEEDED, user=user, session_id=str(session.pk), **about)
    return session


def stay_signed_in(*, session: Session) -> bool:
    """Let the session of a browser last as long again as a new one; tell whether it does now.

    A browser cannot refresh a token, so each visit does this instead, but writes only when the last
    time was a while ago. An ended or expired session stays as it is.
    """
    moment = timezone.now()
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME
    if session.expires_at > moment + lifetime - min(EXTENDED_EVERY, lifetime / 4):
        return False
    if settings.REQUIRE_VERIFIED_EMAIL and session.user.email_verified_at is None:
        return False
    still = Session.objects.filter(pk=session.pk, ended_at=None, expires_at__gt=moment)
    if not still.update(expires_at=moment + lifetime):
        return False
    session.expires_at = moment + lifetime
    return True


def _require_verified(user: User) -> None:
    if settings.REQUIRE_VERIFIED_EMAIL and user.email_verified_at is None:
        raise EmailNotVerified


class _Use(Enum):
    """The result of using up a refresh token."""

    FIRST = "first"
    REPEATED = "repeated"  # within the leeway: only refused
    REPLAYED = "replayed"  # later: somebody else has the token


def refresh_session(*, refresh_token: str) -> TokenPair:
    """Exchange a refresh token for a new pair, once. The session's lifetime starts again.

    Raises `EmailNotVerified` as `open_session` does, and `TokenRefused`. Using a token again after
    `REUSE_LEEWAY` ends its session: one of its two holders is a thief, and we cannot tell which
    (RFC 9700, 4.14.2).
    """
    try:
        token = read_token(SessionRefreshToken, refresh_token)
    except TokenRefused:
        security_log.warning("token_refused", kind="refresh")
        raise
    pair = _rotate(token)
    if pair is None:
        security_log.warning("token_refused", kind="refresh", session_id=str(token.get("sid")))
        raise TokenRefused
    return pair


@transaction.atomic(durable=True)
def _rotate(token: SessionRefreshToken) -> TokenPair | None:
    """Do the work of `refresh_session`; None means refused.

    It returns instead of raising and is the outermost transaction, so that the end of a stolen
    session is committed although the request is refused.
    """
    session = (
        Session.objects.locked().select_related("user").filter(pk=session_id_of(token)).first()
    )
    if session is None or session.ended_at or session.expires_at <= timezone.now():
        return None
    if not session.user.is_active or not session.has_current_password:
        return None
    # The token stays usable: it works once the new address is verified.
    _require_verified(session.user)
    use = _use_up(token, session)
    if use is _Use.REPLAYED:
        record_activity(
            ActivityType.REFRESH_TOKEN_REUSED,
            user=session.user,
            by=NOBODY,
            session_id=str(session.pk),
        )
        _end([session], Session.EndReason.TOKEN_REUSED, by=NOBODY)
    if use is not _Use.FIRST:
        return None
    session.expires_at = timezone.now() + api_settings.REFRESH_TOKEN_LIFETIME
    session.save(update_fields=["expires_at"])
    return issue_pair(session)


def _use_up(token: SessionRefreshToken, session: Session) -> _Use:
    """Blacklist `token` and tell whether this was the first use. Unique keys decide races."""
    outstanding, _ = OutstandingToken.objects.get_or_create(
        jti=token["jti"],
        defaults={
            "user": session.user,
            "created_at": datetime_from_epoch(token["iat"]),
            "expires_at": datetime_from_epoch(token["exp"]),
            "token": "",  # so that the row holds no usable token
        },
    )
    used, is_first = BlacklistedToken.objects.get_or_create(token=outstanding)
    if is_first:
        return _Use.FIRST
    late = timezone.now() - used.blacklisted_at > REUSE_LEEWAY
    return _Use.REPLAYED if late else _Use.REPEATED


@dataclass(frozen=True)
class _Claim:
    """A token that asks to end its session."""

    session_id: UUID
    refresh: SessionRefreshToken | None = None


def log_out(*, refresh_token: str = "", access_token: str = "") -> None:
    """End the sessions of these tokens; one valid token is enough.

    A refresh token that was already exchanged is enough, because using it anywhere else ends the
    session, too. Raises `TokenRefused` if the tokens name no open session.
    """
    claims = _claims(refresh_token, access_token)
    with transaction.atomic():
        sessions = {
            session.pk: session
            for session in _open().filter(pk__in=[claim.session_id for claim in claims])
        }
        for claim in claims:
            session = sessions.get(claim.session_id)
            if session is not None and claim.refresh is not None:
                _use_up(claim.refresh, session)
        _end(sessions.values(), Session.EndReason.LOGGED_OUT)
    if not sessions:
        security_log.warning("token_refused", kind="log_out")
        raise TokenRefused


def _claims(refresh_token: str, access_token: str) -> list[_Claim]:
    """Return the claims of those of the two tokens that are valid."""
    claims = []
    with suppress(TokenRefused):
        refresh = read_token(SessionRefreshToken, refresh_token)
        claims.append(_Claim(session_id_of(refresh), refresh))
    with suppress(TokenRefused):
        access = read_token(SessionAccessToken, access_token)
        claims.append(_Claim(session_id_of(access)))
    return claims


@transaction.atomic
def end_sessions(*, user: User, reason: Session.EndReason, by: User | None = None) -> int:
    """End all open sessions of `user`; return how many there were. Announces `credentials_ended`.

    `by` is the person who ends them and defaults to `user`. With the reason REVOKED, we also sign
    the user out of the back office; for every other reason Django does that itself. Raises what
    `require_reach` raises.
    """
    require_reach(user, by=by)
    if user.is_staff and reason == Session.EndReason.REVOKED:
        _end_cookies(user, by)
    return _end(_open().filter(user=user), reason, by=by)


def _end_cookies(user: User, by: User | None) -> None:
    """End the user's sign-ins to the back office. Django stores them without their user.

    Only staff have any, so there are few to search.
    """
    theirs = [
        cookie.pk
        for cookie in CookieSession.objects.filter(expire_date__gt=timezone.now())
        if cookie.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    CookieSession.objects.filter(pk__in=theirs).delete()
    record_each(
        ActivityType.SESSION_ENDED,
        [{"reason": str(Session.EndReason.REVOKED), "door": "admin"} for _ in theirs],
        user=user,
        by=by,
    )


@transaction.atomic
def end_session(*, session: Session, reason: Session.EndReason, by: User | None = None) -> bool:
    """End one session; return False if it had already ended. Announces `credentials_ended`.

    `by` is the person who ends it and defaults to its user. Raises what `require_reach` raises.
    """
    require_reach(session.user, by=by)
    return bool(_end(_open().filter(pk=session.pk), reason, by=by))


def _open() -> QuerySet[Session]:
    """Return the sessions that have not ended, to be locked in the order of their ids."""
    return Session.objects.locked().filter(ended_at=None).select_related("user").order_by("pk")


def _end(
    sessions: Iterable[Session],
    reason: Session.EndReason,
    *,
    by: User | Stranger | None = None,
) -> int:
    """End locked, open sessions; return how many. Announces it after the commit."""
    by_user: dict[User, list[UUID]] = {}
    for session in sessions:
        by_user.setdefault(session.user, []).append(session.pk)
    ended = [pk for session_ids in by_user.values() for pk in session_ids]
    if ended:
        Session.objects.filter(pk__in=ended).update(ended_at=timezone.now(), end_reason=reason)
    # Nearly always there is one user. Only the two tokens of a logout can belong to two.
    for user, session_ids in by_user.items():
        record_each(
            ActivityType.SESSION_ENDED,
            [{"session_id": str(pk), "reason": str(reason)} for pk in session_ids],
            user=user,
            by=by,
        )
        announce_ended_credentials(user_id=user.pk, credential_ids=session_ids)
    return len(ended)
