"""Who is calling: from a bearer token to a user whose session is open."""

import ipaddress
from dataclasses import dataclass

import structlog
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from accounts.errors import TokenRefused
from accounts.models import Session, User
from accounts.queries import session_of
from accounts.security import security_log
from orderchainer.api.clients import address_of


class SessionJWTAuthentication(JWTAuthentication):
    """Believe an access token only while its session is open.

    `request.user` is then the user and `request.auth` the `Session`, both from one statement.
    """

    def authenticate(self, request: Request) -> tuple[User, Session] | None:  # type: ignore[override]
        """Return who calls, or None where no bearer token is shown. A bad one is a 401."""
        token = bearer_token_of(request)
        if token is None:
            return None
        try:
            session = session_of(token)
        except TokenRefused as exc:
            security_log.warning("token_refused", kind="access", path=request.path)
            raise AuthenticationFailed from exc
        structlog.contextvars.bind_contextvars(user_id=session.user_id)
        return session.user, session


def bearer_token_of(request: HttpRequest | Request) -> str | None:
    """Return what stands behind `Bearer` in the Authorization header; None where it is no such header.

    The scheme's name is read in any case (RFC 9110, 11.1): our own answers write `bearer`.
    """
    header = request.META.get("HTTP_AUTHORIZATION", "")
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


@dataclass(frozen=True)
class Caller:
    """Where a request comes from, as a session remembers it."""

    ip_address: str | None
    user_agent: str


def caller_of(request: HttpRequest | Request) -> Caller:
    """Return where `request` comes from."""
    return Caller(
        ip_address=_address_in(address_of(request) or ""),
        # PostgreSQL keeps no NUL, and not every server refuses one in a header.
        user_agent=request.META.get("HTTP_USER_AGENT", "").replace("\x00", ""),
    )


def _address_in(text: str) -> str | None:
    """Return an address that the database can keep: a Unix socket has none, and a zone is no part of it."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None
