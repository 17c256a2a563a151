"""Authentication: from a bearer token to its user."""

import structlog
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.errors import TokenRefused
from accounts.models import ApiToken, Session, User
from accounts.queries import credential_of
from accounts.security import security_log
from accounts.services.api_tokens import note_use


class BearerAuthentication(BaseAuthentication):
    """Accept a bearer token: an access token while its session is open, or an API token.

    `request.user` is then the user and `request.auth` the `Session` or the `ApiToken`, both from
    one statement. From time to time we note that an API token was used.
    """

    def authenticate(self, request: Request) -> tuple[User, Session | ApiToken] | None:
        """Return the user and the credential; None without a bearer token. A bad token is a 401."""
        token = bearer_token_of(request)
        if token is None:
            return None
        try:
            credential = credential_of(token)
        except TokenRefused as exc:
            security_log.warning("token_refused", kind="access", path=request.path)
            raise AuthenticationFailed from exc
        structlog.contextvars.bind_contextvars(user_id=credential.user_id)
        if isinstance(credential, ApiToken):
            note_use(credential)
        return credential.user, credential

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme that we accept (RFC 9110, 11.6.1)."""
        return "Bearer"


def bearer_token_of(request: HttpRequest | Request) -> str | None:
    """Return the token after `Bearer` in the Authorization header; None without one.

    The scheme's name is case-insensitive (RFC 9110, 11.1), and our own answers write `bearer`.
    """
    header = request.META.get("HTTP_AUTHORIZATION", "")
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
