"""Who may follow which feed, at the door and as long as the socket lasts.

A socket lives as long as the *credential* that it was opened with: the session of an access token, which
outlives the token itself and which a logout or a changed password ends, or an API token. Either is shown
once, when the socket opens. From then on it is asked about, together with whatever else lets its user
follow the feed, and the socket is closed with the code that the door would answer by now.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from accounts.models import ApiToken, Session, User
from accounts.queries import (
    credential_of,
    project_for,
    refusals_in_projects,
    still_open,
)
from accounts.scopes import covers, scope_for
from accounts.services import note_use
from notifications.feeds import Feed, OwnerFeed, ProjectFeed
from notifications.protocol import CloseCode
from orderchainer.core.errors import NotAllowed, NotFound, Unauthenticated
from orders.access import VIEW_ORDERS

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
    """What lets a socket follow a feed: an open session or API token, whose user may follow it."""

    feed: Feed
    credential_id: UUID
    user_id: int

    def concerns(self, user_id: int | None, project_id: int | None) -> bool:
        """Tell whether it could rest on what this user may do in this project; None stands for any."""
        if user_id not in (None, self.user_id):
            return False
        return project_id is None or self.feed == ProjectFeed(project_id)


# --- At the door ------------------------------------------------------------------------------


def admit_to_owner(scope: Mapping[str, Any], owner_id_in_path: str) -> Admission:
    """Admit the bearer of the scope's token to an owner's feed: their own, or anyone's for staff.

    Reads the database, and notes the use of an API token. Raises Refused.
    """
    credential = _credential_in(scope)
    user = credential.user
    if owner_id_in_path == str(user.pk):
        return Admission(OwnerFeed(user.pk), credential.pk, user.pk)
    if not user.is_staff:
        raise Refused(CloseCode.FORBIDDEN)
    if not _is_user(owner_id_in_path):
        raise Refused(CloseCode.NOT_FOUND)
    return Admission(OwnerFeed(int(owner_id_in_path)), credential.pk, user.pk)


def admit_to_project(scope: Mapping[str, Any], project_id_in_path: str) -> Admission:
    """Admit the bearer of the scope's token to the feed of a project whose orders they may view.

    Reads the database, and notes the use of an API token. Raises Refused, alike for a project that is
    not there, one that is switched off and one that is not theirs.
    """
    credential = _credential_in(scope)
    user = credential.user
    try:
        project = project_for(user, project_id_in_path, VIEW_ORDERS)
    except (NotFound, NotAllowed) as exc:
        raise Refused(_code_of(exc)) from exc
    return Admission(ProjectFeed(project.pk), credential.pk, user.pk)


def _credential_in(scope: Mapping[str, Any]) -> Session | ApiToken:
    """Return what the scope's token stands for, if it may read orders. Raises Refused."""
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
    return credential


def _code_of(refusal: NotFound | NotAllowed) -> CloseCode:
    if isinstance(refusal, NotFound):
        return CloseCode.NOT_FOUND
    return CloseCode.FORBIDDEN


def _is_user(id_in_path: str) -> bool:
    if not (id_in_path.isascii() and id_in_path.isdigit() and len(id_in_path) <= 19):
        return False
    user_id = int(id_in_path)
    return user_id <= MAX_USER_ID and User.objects.filter(pk=user_id).exists()


# --- As long as it lasts ----------------------------------------------------------------------


def no_longer_admitted(admissions: Collection[Admission]) -> dict[Admission, CloseCode]:
    """Return those that the door would refuse by now, and with which code: six statements at most."""
    still = still_open({admission.credential_id for admission in admissions})
    ended = [each for each in admissions if each.credential_id not in still]
    return {
        **_refused_by_owners(admissions),
        **_refused_by_projects(admissions),
        **dict.fromkeys(ended, CloseCode.UNAUTHENTICATED),
    }


def _refused_by_owners(admissions: Iterable[Admission]) -> dict[Admission, CloseCode]:
    """Return those who follow another owner's feed and are staff no longer."""
    of_others = {
        admission
        for admission in admissions
        if isinstance(admission.feed, OwnerFeed)
        and admission.feed.owner_id != admission.user_id
    }
    if not of_others:
        return {}
    watchers = {admission.user_id for admission in of_others}
    staff = set(
        User.objects.filter(pk__in=watchers, is_staff=True).values_list("pk", flat=True)
    )
    return {
        admission: CloseCode.FORBIDDEN
        for admission in of_others
        if admission.user_id not in staff
    }


def _refused_by_projects(admissions: Iterable[Admission]) -> dict[Admission, CloseCode]:
    """Return those who may not view the orders of the project whose feed they follow."""
    claims = {
        admission: (admission.user_id, admission.feed.project_id)
        for admission in admissions
        if isinstance(admission.feed, ProjectFeed)
    }
    if not claims:
        return {}
    refusals = refusals_in_projects(claims.values(), VIEW_ORDERS)
    return {
        admission: _code_of(refusals[claim])
        for admission, claim in claims.items()
        if claim in refusals
    }


# --- What a client shows ----------------------------------------------------------------------


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
