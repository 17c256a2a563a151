"""The bearer tokens: the JSON Web Tokens of a session, and API tokens.

A session's tokens carry `sid` (the session), `user_id`, `token_type`, `jti`, `iat` and `exp`. A
valid signature only proves that we issued the token; the session's row tells whether it is still
good. An API token is random and carries no data.
"""

import re
import secrets
import string
import time
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.errors import TokenRefused
from accounts.models import Session

SESSION_CLAIM = "sid"
# Ours have about 300 characters. We refuse text that is longer than this without decoding it.
MAX_TOKEN_LENGTH = 2048


@dataclass(frozen=True)
class TokenPair:
    """The two encoded tokens that a client gets when it signs in or refreshes, and their user."""

    access: str
    refresh: str
    user_id: int


class SessionAccessToken(AccessToken):
    """Opens the API for some minutes while its session is open."""


class SessionRefreshToken(RefreshToken):
    """Can be exchanged once for a new pair.

    simplejwt stores every token that it issues, in full. We store a token only once it is used up,
    and then only its `jti`, so that a copy of the database opens no session.
    """

    access_token_class = SessionAccessToken

    def verify(self) -> None:
        """Check only type and expiry. The service checks whether the token was used before."""
        Token.verify(self)


class SocketTicket(Token):
    """Opens a WebSocket within a minute and nothing else.

    A page asks for it, because the script of a page must hold nothing that opens more.
    """

    token_type = "socket"
    lifetime = timedelta(seconds=60)


AnyToken = TypeVar("AnyToken", SessionAccessToken, SessionRefreshToken, SocketTicket)


def issue_pair(session: Session) -> TokenPair:
    """Issue a new pair of tokens for `session`."""
    refresh = SessionRefreshToken()
    _name(session, refresh)
    return TokenPair(
        access=str(refresh.access_token),
        refresh=str(refresh),
        user_id=session.user_id,
    )


def issue_ticket(session: Session) -> str:
    """Issue a socket ticket for `session`."""
    ticket = SocketTicket()
    _name(session, ticket)
    return str(ticket)


def _name(session: Session, token: Token) -> None:
    token["user_id"] = str(session.user_id)
    token[SESSION_CLAIM] = str(session.pk)


def read_token(kind: type[AnyToken], encoded: str) -> AnyToken:
    """Decode and verify a token. Raises `TokenRefused` unless it is a valid one of this kind."""
    if len(encoded) > MAX_TOKEN_LENGTH:
        raise TokenRefused
    try:
        # simplejwt's annotation says Token, but it takes the encoded text.
        return kind(encoded)  # type: ignore[arg-type]
    except (TokenError, ValueError, OverflowError, RecursionError) as exc:
        # The libraries do not catch the last three: text that is not valid Unicode, a year that is
        # out of range, a header of nothing but brackets.
        raise TokenRefused from exc


def session_id_of(token: SessionAccessToken | SessionRefreshToken | SocketTicket) -> UUID:
    """Return the session id in a verified token. Raises `TokenRefused` if there is none."""
    try:
        return UUID(token[SESSION_CLAIM])
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise TokenRefused from exc


# The sessions of access tokens that were good, with the moment at which each token expires. Clients
# send the same token again and again, and verifying it takes a tenth of a short request. We keep
# digests, so that no token stays in memory.
_known: dict[bytes, tuple[UUID, float]] = {}
MAX_KNOWN = 4096


def session_id_in(access_token: str) -> UUID:
    """Return the id of the session that an access token belongs to. Raises `TokenRefused`.

    Whether that session is still open is for the caller to find out, each time.
    """
    digest = sha256(access_token.encode(errors="replace")).digest()
    session_id, expires_at = _known.get(digest, (None, 0.0))
    if session_id is not None and time.time() < expires_at:
        return session_id
    token = read_token(SessionAccessToken, access_token)
    session_id = session_id_of(token)
    if len(_known) >= MAX_KNOWN:
        _known.clear()
    _known[digest] = session_id, float(token["exp"])
    return session_id


# --- API tokens -------------------------------------------------------------------------------

# People, logs and scanners for leaked secrets recognise our tokens by it.
API_TOKEN_START = "oc_"
PREFIX_LENGTH = 10
# 62 to the power of 40 is 238 bits. Nobody can guess that, so a plain hash of it is safe to keep.
SECRET_LENGTH = 40
_ALPHABET = string.ascii_letters + string.digits
_API_TOKEN = re.compile(
    f"{API_TOKEN_START}([A-Za-z0-9]{{{PREFIX_LENGTH}}})_[A-Za-z0-9]{{{SECRET_LENGTH}}}"
)


@dataclass(frozen=True)
class NewApiToken:
    """A new API token. `text` is shown once; we keep the prefix and the digest."""

    text: str
    prefix: str
    digest: str


def new_api_token() -> NewApiToken:
    """Create an API token: `oc_<prefix>_<secret>`."""
    prefix = _random(PREFIX_LENGTH)
    text = f"{API_TOKEN_START}{prefix}_{_random(SECRET_LENGTH)}"
    return NewApiToken(text, prefix, digest_of(text))


def prefix_of(token: str) -> str:
    """Return the prefix that we find an API token by. Raises `TokenRefused` for any other text."""
    spelt = _API_TOKEN.fullmatch(token)
    if spelt is None:
        raise TokenRefused
    return spelt[1]


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a secret that is too long to guess, in hexadecimal."""
    return sha256(secret.encode(errors="replace")).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
