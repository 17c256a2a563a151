"""What bearer tokens are made of: the two JSON Web Tokens of a session, and API tokens.

Both of a session's carry `sid` (the session), `user_id`, `token_type`, `jti`, `iat` and `exp`. A good signature only
says that we wrote a token once; whether it still counts is told by the session's row. An API token is
random and says nothing by itself.
"""

import re
import secrets
import string
from dataclasses import dataclass
from hashlib import sha256
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


# --- API tokens -------------------------------------------------------------------------------

# People, logs and scanners for leaked secrets know ours by it.
API_TOKEN_START = "oc_"
PREFIX_LENGTH = 10
# 62 to the power of 40 is 238 bits: nobody guesses, so a bare hash of it is safe to keep.
SECRET_LENGTH = 40
_ALPHABET = string.ascii_letters + string.digits
_API_TOKEN = re.compile(
    f"{API_TOKEN_START}([A-Za-z0-9]{{{PREFIX_LENGTH}}})_[A-Za-z0-9]{{{SECRET_LENGTH}}}"
)


@dataclass(frozen=True)
class NewApiToken:
    """A fresh API token: `text` is shown once, the others are kept."""

    text: str
    prefix: str
    digest: str


def new_api_token() -> NewApiToken:
    """Make an API token: `oc_<prefix>_<secret>`."""
    prefix = _random(PREFIX_LENGTH)
    text = f"{API_TOKEN_START}{prefix}_{_random(SECRET_LENGTH)}"
    return NewApiToken(text, prefix, digest_of(text))


def prefix_of(token: str) -> str:
    """Return what an API token is found by. Raises `TokenRefused` for what is spelt like none of ours."""
    spelt = _API_TOKEN.fullmatch(token)
    if spelt is None:
        raise TokenRefused
    return spelt[1]


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a secret too long to guess, in hexadecimal."""
    return sha256(secret.encode(errors="replace")).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
