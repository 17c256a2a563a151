"""Who may follow which feed, when a socket opens and for as long as it lasts.

A socket lives as long as the *credential* that opened it: an API token, or the session of an access
token or of a page's ticket. A session outlives its tokens and ends with a logout or a changed
password. The client shows its token once, when the socket opens. From then on we check the
credential, and everything else that lets the user follow the feed. If something has ended, the
socket closes with the code that a new connection would get.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from accounts.access import staff_may
from accounts.models import ApiToken, Session, User
from accounts.queries import (
    may_also,
    project_for,
    refusals_in_projects,
    socket_credential_of,
    staff_who_may,
    still_open,
)
from accounts.scopes import covers, scope_for
from accounts.services import note_use
from notifications.sockets.audiences import OF_ORDERS, ONLY_ORDERS, Audience, further_audiences
from notifications.sockets.feeds import Feed, OwnerFeed, ProjectFeed
from notifications.sockets.protocol import CloseCode
from orderchainer.core.errors import NotAllowed, NotFound, Unauthenticated
from orders.access import VIEW_ORDERS

# A browser can set no header, so it offers this subprotocol, followed by the token. We accept it.
BEARER = "bearer"
MAX_USER_ID = 2**63 - 1


class Refused(Exception):  # an outcome that the client is told, not a defect
    """The socket may not follow this feed; it is closed with `code`."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass(frozen=True, slots=True)
class Admission:
    """What lets a socket follow a feed: an open session or API token, whose user may follow it."""

    feed: Feed
    credential_id: UUID
    user_id: int

    def concerns(self, user_id: int | None, project_id: int | None) -> bool:
        """Tell whether it may depend on that user's access to that project. None means any."""
        if user_id not in (None, self.user_id):
            return False
        return project_id is None or (
            isinstance(self.feed, ProjectFeed) and self.feed.project_id == project_id
        )


# --- Opening a socket -------------------------------------------------------------------------


def admit_to_owner(scope: Mapping[str, Any], owner_id_in_path: str) -> Admission:
    """Admit the bearer of the scope's token to an owner's feed: their own, or any if they are
    staff who may view orders.

    Reads the database and records the use of an API token. Raises Refused.
    """
    credential = _credential_in(scope)
    user = credential.user
    if owner_id_in_path == str(user.pk):
        return Admission(OwnerFeed(user.pk), credential.pk, user.pk)
    if not staff_may(user, VIEW_ORDERS):
        raise Refused(CloseCode.FORBIDDEN)
    if not _is_user(owner_id_in_path):
        raise Refused(CloseCode.NOT_FOUND)
    return Admission(OwnerFeed(int(owner_id_in_path)), credential.pk, user.pk)


def admit_to_project(scope: Mapping[str, Any], project_id_in_path: str) -> Admission:
    """Admit the bearer of the scope's token to the feed of a project whose orders they may view.

    They hear of other things as well, as far as they may view them. Reads the database and records
    the use of an API token. Raises Refused in the same way for a project that does not exist, one
    that is switched off and one of which they are not a member.
    """
    credential = _credential_in(scope)
    user = credential.user
    try:
        project = project_for(user, project_id_in_path, VIEW_ORDERS)
    except (NotFound, NotAllowed) as exc:
        raise Refused(_code_of(exc)) from exc
    audiences = ONLY_ORDERS.union(
        audience
        for audience in further_audiences()
        if may_also(user, project, audience.operation) and _may_read(credential, audience)
    )
    return Admission(ProjectFeed(project.pk, audiences), credential.pk, user.pk)


def _credential_in(scope: Mapping[str, Any]) -> Session | ApiToken:
    """Return the session or API token of the scope's token.

    Raises Refused if it may not read orders.
    """
    token = token_in(scope)
    if token is None:
        raise Refused(CloseCode.UNAUTHENTICATED)
    try:
        credential = socket_credential_of(token)
    except Unauthenticated as exc:
        raise Refused(CloseCode.UNAUTHENTICATED) from exc
    if isinstance(credential, ApiToken):
        note_use(credential)
    if not _may_read(credential, OF_ORDERS):
        raise Refused(CloseCode.FORBIDDEN)
    return credential


def _may_read(credential: Session | ApiToken, audience: Audience) -> bool:
    """Tell whether the credential lets its bearer hear of this. A session always does."""
    return isinstance(credential, Session) or covers(
        credential.scopes, scope_for(audience.area, "GET")
    )


def _code_of(refusal: NotFound | NotAllowed) -> CloseCode:
    if isinstance(refusal, NotFound):
        return CloseCode.NOT_FOUND
    return CloseCode.FORBIDDEN


def _is_user(id_in_path: str) -> bool:
    if not (id_in_path.isascii() and id_in_path.isdigit() and len(id_in_path) <= 19):
        return False
    user_id = int(id_in_path)
    return user_id <= MAX_USER_ID and User.objects.filter(pk=user_id).exists()


# --- While a socket is open -------------------------------------------------------------------


def no_longer_admitted(admissions: Collection[Admission]) -> dict[Admission, CloseCode]:
    """Return those that may not stay open as they are, each with its close code.

    Takes at most six statements, and three more for each audience besides that of orders.
    """
    still = still_open({admission.credential_id for admission in admissions})
    ended = [each for each in admissions if each.credential_id not in still]
    return {
        **_refused_by_owners(admissions),
        **_refused_by_projects(admissions),
        **dict.fromkeys(ended, CloseCode.UNAUTHENTICATED),
    }


def _refused_by_owners(admissions: Iterable[Admission]) -> dict[Admission, CloseCode]:
    """Return those who follow another owner's feed but are no longer staff who may view orders."""
    of_others = {
        admission
        for admission in admissions
        if isinstance(admission.feed, OwnerFeed) and admission.feed.owner_id != admission.user_id
    }
    if not of_others:
        return {}
    watchers = {admission.user_id for admission in of_others}
    staff = staff_who_may(watchers, VIEW_ORDERS)
    return {
        admission: CloseCode.FORBIDDEN for admission in of_others if admission.user_id not in staff
    }


def _refused_by_projects(admissions: Iterable[Admission]) -> dict[Admission, CloseCode]:
    """Return those who may no longer view all that they follow in a project.

    If they may still view its orders, the close code says that they may connect again.
    """
    claims = {
        admission: (admission.feed, (admission.user_id, admission.feed.project_id))
        for admission in admissions
        if isinstance(admission.feed, ProjectFeed)
    }
    lapsed: dict[Admission, CloseCode] = {}
    for audience in [*further_audiences(), OF_ORDERS]:
        asked = {
            admission: claim
            for admission, (feed, claim) in claims.items()
            if audience in feed.audiences
        }
        if not asked:
            continue
        refusals = refusals_in_projects(asked.values(), audience.operation)
        for admission, claim in asked.items():
            if refusal := refusals.get(claim):
                is_of_orders = audience == OF_ORDERS
                lapsed[admission] = _code_of(refusal) if is_of_orders else CloseCode.ACCESS_CHANGED
    return lapsed


# --- Reading the handshake --------------------------------------------------------------------


def token_in(scope: Mapping[str, Any]) -> str | None:
    """Return the token that a WebSocket was opened with.

    Looks in the `Authorization: Bearer` header, then after `bearer` in `Sec-WebSocket-Protocol`,
    then in the query as `token`.
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
    """Return the subprotocol to answer.

    A browser drops a socket if we choose none of those it offered.
    """
    offered: list[str] = scope.get("subprotocols") or []
    return next((name for name in offered if name.lower() == BEARER), None)
