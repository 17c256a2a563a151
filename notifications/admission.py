"""Who may follow which feed, at the door and as long as the socket lasts.

A socket lives as long as the *credential* that it was opened with: the session of an access token, which
outlives the token itself and which a logout or a changed password ends, or an API token. Either is shown
once, when the socket opens.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from accounts.models import ApiToken, User
from accounts.queries import credential_of, still_open
from accounts.scopes import covers, scope_for
from accounts.services import note_use
from notifications.feeds import Feed, OwnerFeed
from notifications.protocol import CloseCode
from orderchainer.api.errors import Unauthenticated

# The subprotocol that a browser offers before the token, since it can set no header. We answer it.
BEARER = "bearer"
MAX_USER_ID = 2**63 - 1
# What an API token needs: whoever may read orders may hear of them.
SCOPE = scope_for("orders", "GET")


class Refused(Exception):  # an outcome that is told to the client, not a defect
    """Nobody gets in with this; the socket is closed with `code`."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass(frozen=True, slots=True)
class Admission:
    """What lets a socket follow a feed: an open session or API token, and for another's feed a staff member's."""

    feed: Feed
    credential_id: UUID
    user_id: int
    as_staff: bool = False


def admit_to_owner(scope: Mapping[str, Any], owner_id_in_path: str) -> Admission:
    """Admit the bearer of the scope's token to an owner's feed: their own, or anyone's for staff.

    Reads the database, and notes the use of an API token. Raises Refused.
    """
    token = token_in(scope)
    if token is None:
        raise Refused(CloseCode.UNAUTHENTICATED)
    try:
        credential = credential_of(token)
    except Unauthenticated as exc:
        raise Refused(CloseCode.UNAUTHENTICATED) from exc
    if isinstance(credential, ApiToken):
        note_use(credential)
        if not covers(credential.scopes, SCOPE):
            raise Refused(CloseCode.FORBIDDEN)
    user = credential.user
    if owner_id_in_path == str(user.pk):
        return Admission(OwnerFeed(user.pk), credential.pk, user.pk)
    if not user.is_staff:
        raise Refused(CloseCode.FORBIDDEN)
    if not _is_user(owner_id_in_path):
        raise Refused(CloseCode.NOT_FOUND)
    return Admission(
        OwnerFeed(int(owner_id_in_path)), credential.pk, user.pk, as_staff=True
    )


def _is_user(id_in_path: str) -> bool:
    if not (id_in_path.isascii() and id_in_path.isdigit() and len(id_in_path) <= 19):
        return False
    user_id = int(id_in_path)
    return user_id <= MAX_USER_ID and User.objects.filter(pk=user_id).exists()


def no_longer_admitted(admissions: Collection[Admission]) -> dict[Admission, CloseCode]:
    """Return those that hold no more and what to close them with: three statements at most."""
    still = still_open({admission.credential_id for admission in admissions})
    watchers = {admission.user_id for admission in admissions if admission.as_staff}
    staff = (
        set(
            User.objects.filter(pk__in=watchers, is_staff=True).values_list(
                "pk", flat=True
            )
        )
        if watchers
        else set()
    )
    lapsed: dict[Admission, CloseCode] = {}
    for admission in admissions:
        if admission.credential_id not in still:
            lapsed[admission] = CloseCode.UNAUTHENTICATED
        elif admission.as_staff and admission.user_id not in staff:
            lapsed[admission] = CloseCode.FORBIDDEN
    return lapsed


def token_in(scope: Mapping[str, Any]) -> str | None:
    """Return the token that a WebSocket was opened with.

    It stands in the `Authorization: Bearer` header, else after `bearer` in `Sec-WebSocket-Protocol`,
    else in the query as `token`.
    """
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer" and token.strip():
                return str(token.strip())
    subprotocols = scope.get("subprotocols") or []
    if len(subprotocols) > 1 and subprotocols[0].lower() == BEARER:
        return str(subprotocols[1])
    tokens = parse_qs(scope["query_string"].decode("latin-1")).get("token")
    return tokens[0] if tokens else None


def subprotocol_of(scope: Mapping[str, Any]) -> str | None:
    """Return the subprotocol to answer: a browser drops a socket on which none of its own is chosen."""
    offered: list[str] = scope.get("subprotocols") or []
    return next((name for name in offered if name.lower() == BEARER), None)
