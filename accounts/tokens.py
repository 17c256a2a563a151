"""The two JSON Web Tokens of a session.

Both carry `sid` (the session), `user_id`, `token_type`, `jti`, `iat` and `exp`. A good signature only
says that we wrote a token once; whether it still counts is told by the session's row.
"""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.errors import TokenRefused
from accounts.models import Session

SESSION_CLAIM = "sid"
# Ours have about 300 characters. Longer ones are not worth decoding.
MAX_TOKEN_LENGTH = 2048


@dataclass(frozen=True)
class TokenPair:
    """What a client gets when it signs in or refreshes: both tokens, encoded."""

    access: str
    refresh: str


class SessionAccessToken(AccessToken):
    """Opens the API for some minutes while its session is open."""


class SessionRefreshToken(RefreshToken):
    """Buys one new pair, once.

    simplejwt writes every token that it issues into its table, whole. Ours stays out of it until it is
    used up, and then only its `jti` is kept: a copy of the database opens no session.
    """

    access_token_class = SessionAccessToken

    def verify(self) -> None:
        """Check type and expiry only: a used-up token must be told from a foreign one."""
        Token.verify(self)


AnyToken = TypeVar("AnyToken", SessionAccessToken, SessionRefreshToken)


def issue_pair(session: Session) -> TokenPair:
    """Write a new pair for `session`."""
    refresh = SessionRefreshToken()
    refresh["user_id"] = str(session.user_id)
    refresh[SESSION_CLAIM] = str(session.pk)
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh))


def read_token(kind: type[AnyToken], encoded: str) -> AnyToken:
    """Decode and verify a token. Raises `TokenRefused` for whatever is not a live one of this kind."""
    if len(encoded) > MAX_TOKEN_LENGTH:
        raise TokenRefused
    try:
        # simplejwt annotates a Token where it takes the encoded text.
        return kind(encoded)  # type: ignore[arg-type]
    except (TokenError, ValueError, OverflowError, RecursionError) as exc:
        # The libraries let the last three through: text that is no text, a year that no calendar has,
        # a header of nothing but brackets.
        raise TokenRefused from exc


def session_id_of(token: SessionAccessToken | SessionRefreshToken) -> UUID:
    """Return the session that a verified token names. Raises `TokenRefused` if it names none."""
    try:
        return UUID(token[SESSION_CLAIM])
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise TokenRefused from exc
