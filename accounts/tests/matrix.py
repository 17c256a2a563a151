"""Example calls for `test_matrix.py`: at least one for each method of each path within a project.

Each app that serves such paths lists its calls in `<app>/tests/matrix.py`: those of the API as
`CALLS`, and those of pages as `PAGES`. `arguments` makes what a call needs in its project.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.test import Client
from rest_framework.test import APIClient

from accounts.access import (
    CHANGE_PROJECT,
    DELETE_PROJECT,
    LEAVE_PROJECT,
    MANAGE_MEMBERS,
    MANAGE_OWNERS,
    VIEW_ACTIVITY,
    VIEW_MEMBERS,
    VIEW_PROJECT,
    Operation,
)
from accounts.models import Membership, Session, User
from accounts.pages.projects import version_of
from accounts.services import invite, open_browser_session, remove_member, set_member
from accounts.tests.browsers import browser_with
from accounts.tests.factories import client_with, make_staff, make_user, token_of
from accounts.tests.projects import Team

Role = Membership.Role


@dataclass(frozen=True)
class Scene:
    """A project with a member in each role, and the caller."""

    team: Team
    caller: User


def nothing(scene: Scene) -> Mapping[str, object]:
    """Return the arguments of a path that names nothing: the body names the project."""
    return {}


def project_alone(scene: Scene) -> Mapping[str, object]:
    """Return the arguments of a path that names only the project."""
    return {"project_id": scene.team.project.uuid}


@dataclass(frozen=True)
class Call:
    """A request that succeeds with `status` for every caller who may do `operation`.

    `route` is the name of the path. `arguments` makes the rows that the path names and returns its
    arguments. `body` may be a function of the scene, for a body that names the project. Staff also
    need the permissions for the operations in `also`, which every role with `operation` may do.
    """

    method: str
    route: str
    operation: Operation
    status: int = 200
    arguments: Callable[[Scene], Mapping[str, object]] = project_alone
    body: Any = None
    about: str = ""
    also: Sequence[Operation] = ()

    def __str__(self) -> str:
        return " ".join(filter(None, (self.method, self.route, self.about)))


# --- Who makes the calls ----------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    """Somebody with a session of each kind."""

    user: User
    token: str
    session: Session

    @classmethod
    def signed_in(cls, user: User) -> "Caller":
        """Sign a user in twice: with a token and with a browser."""
        return cls(user, token_of(user), open_browser_session(user=user))

    def client(self) -> APIClient:
        """Return a client of the API that shows the token."""
        return client_with(self.token)

    def browser(self) -> Client:
        """Return a browser with the session's cookie."""
        return browser_with(self.session)


@dataclass(frozen=True)
class Callers:
    """Everybody who may call: the members of a team and others, all of them signed in."""

    team: Team
    _known: Mapping[str, Caller]

    @classmethod
    def of(cls, team: Team) -> "Callers":
        """Sign in the members, a stranger, a former member and somebody of the staff."""
        others = {
            "stranger": make_user(),
            "former": make_user(),
            "staff": make_user(is_staff=True),
        }
        set_member(project=team.project, user=others["former"], role=Role.MANAGER)
        remove_member(project=team.project, user=others["former"])
        users = {**team.members, **others}
        return cls(team, {name: Caller.signed_in(user) for name, user in users.items()})

    def named(self, name: str, call: Call) -> Caller:
        """Return a caller; "clerk" is of the staff, with only the permissions for this call."""
        if name != "clerk":
            return self._known[name]
        operations = [each for each in (call.operation, *call.also) if each.staff_permissions]
        permissions = [each.staff_permissions[0].partition(".")[2] for each in operations]
        return Caller.signed_in(make_staff(*permissions))


# --- Members and invitations ------------------------------------------------------------------


def member(role: Role) -> Callable[[Scene], Mapping[str, object]]:
    """Return the arguments for another member, who has that role."""

    def arguments(scene: Scene) -> Mapping[str, object]:
        user = make_user()
        set_member(project=scene.team.project, user=user, role=role)
        return {**project_alone(scene), "user_id": user.uuid}

    return arguments


def in_a_project_with_another_owner(scene: Scene) -> Mapping[str, object]:
    """Return the project, which gets another owner."""
    set_member(project=scene.team.project, user=make_user(), role=Role.OWNER)
    return project_alone(scene)


def themselves(scene: Scene) -> Mapping[str, object]:
    """Return the arguments for the caller, in a project that has another owner."""
    return {**in_a_project_with_another_owner(scene), "user_id": scene.caller.uuid}


def invited(role: Role) -> Callable[[Scene], Mapping[str, object]]:
    """Return the arguments for an invitation to that role."""

    def arguments(scene: Scene) -> Mapping[str, object]:
        return {**project_alone(scene), "invitation_id": _invite(scene, role)}

    return arguments


def invited_before(role: Role) -> Callable[[Scene], Mapping[str, object]]:
    """Invite somebody to that role beforehand."""

    def arguments(scene: Scene) -> Mapping[str, object]:
        _invite(scene, role)
        return project_alone(scene)

    return arguments


def _invite(scene: Scene, role: Role) -> UUID:
    team = scene.team
    email = "grace@example.com"
    found = invite(project=team.project, email=email, role=role, by=team.owner)
    key: UUID = found.pk
    return key


GRACE = {"email": "grace@example.com", "role": "agent"}

CALLS = [
    Call("GET", "hub-project", VIEW_PROJECT),
    Call("PATCH", "hub-project", CHANGE_PROJECT, body={"name": "Renamed"}),
    Call("DELETE", "hub-project", DELETE_PROJECT, 204),
    Call("GET", "hub-project-activity", VIEW_ACTIVITY),
    Call("GET", "hub-members", VIEW_MEMBERS),
    Call(
        "PATCH",
        "hub-member",
        MANAGE_MEMBERS,
        arguments=member(Role.AGENT),
        body={"role": "manager"},
    ),
    Call(
        "PATCH",
        "hub-member",
        MANAGE_OWNERS,
        arguments=member(Role.AGENT),
        body={"role": "owner"},
        about="to owner",
    ),
    Call(
        "PATCH",
        "hub-member",
        MANAGE_OWNERS,
        arguments=member(Role.OWNER),
        body={"role": "agent"},
        about="from owner",
    ),
    Call(
        "DELETE",
        "hub-member",
        MANAGE_MEMBERS,
        204,
        arguments=member(Role.MANAGER),
    ),
    Call(
        "DELETE",
        "hub-member",
        MANAGE_OWNERS,
        204,
        arguments=member(Role.OWNER),
        about="owner",
    ),
    Call(
        "DELETE",
        "hub-member",
        LEAVE_PROJECT,
        204,
        arguments=themselves,
        about="themselves",
    ),
    Call("GET", "hub-invitations", MANAGE_MEMBERS),
    Call("POST", "hub-invitations", MANAGE_MEMBERS, 201, body=GRACE),
    Call(
        "POST",
        "hub-invitations",
        MANAGE_OWNERS,
        201,
        body={**GRACE, "role": "owner"},
        about="as owner",
    ),
    Call(
        "POST",
        "hub-invitations",
        MANAGE_OWNERS,
        201,
        arguments=invited_before(Role.OWNER),
        body=GRACE,
        about="who is invited as owner",
    ),
    Call(
        "DELETE",
        "hub-invitation",
        MANAGE_MEMBERS,
        204,
        arguments=invited(Role.VIEWER),
    ),
    Call(
        "DELETE",
        "hub-invitation",
        MANAGE_OWNERS,
        204,
        arguments=invited(Role.OWNER),
        about="of an owner",
    ),
]


# --- Pages of the workspace -------------------------------------------------------------------


def renaming(scene: Scene) -> Mapping[str, object]:
    """Return the form of the settings with another name."""
    project = scene.team.project
    return {
        "name": "Renamed",
        "initial-name": project.name,
        "timezone": project.timezone,
        "initial-timezone": project.timezone,
        "currency": project.currency,
        "initial-currency": project.currency,
        "version": version_of(project),
    }


PAGES = [
    Call("GET", "workspace-project", VIEW_PROJECT),
    Call("GET", "palette", VIEW_PROJECT),
    Call("GET", "counts", VIEW_PROJECT),
    Call("GET", "team", VIEW_MEMBERS),
    Call("POST", "team", MANAGE_MEMBERS, 303, body=GRACE),
    Call("GET", "team-member", MANAGE_MEMBERS, arguments=member(Role.AGENT)),
    Call("GET", "team-member", MANAGE_OWNERS, arguments=member(Role.OWNER), about="an owner"),
    Call(
        "POST",
        "team-member",
        MANAGE_MEMBERS,
        303,
        arguments=member(Role.AGENT),
        body={"role": "manager", "shown": "agent"},
    ),
    Call(
        "POST",
        "team-member",
        MANAGE_OWNERS,
        303,
        arguments=member(Role.OWNER),
        body={"role": "agent", "shown": "owner"},
        about="from owner",
    ),
    Call("POST", "team-member-remove", MANAGE_MEMBERS, 303, arguments=member(Role.AGENT)),
    Call(
        "POST",
        "team-member-remove",
        MANAGE_OWNERS,
        303,
        arguments=member(Role.OWNER),
        about="an owner",
    ),
    Call("GET", "team-leave", LEAVE_PROJECT),
    Call("POST", "team-leave", LEAVE_PROJECT, 303, arguments=in_a_project_with_another_owner),
    Call(
        "POST",
        "team-invitation-revoke",
        MANAGE_MEMBERS,
        303,
        arguments=invited(Role.VIEWER),
    ),
    Call(
        "POST",
        "team-invitation-revoke",
        MANAGE_OWNERS,
        303,
        arguments=invited(Role.OWNER),
        about="of an owner",
    ),
    Call("GET", "project-activity", VIEW_ACTIVITY),
    Call("GET", "project-settings", CHANGE_PROJECT),
    Call("POST", "project-settings", CHANGE_PROJECT, 303, body=renaming),
    Call("GET", "project-delete", DELETE_PROJECT),
    Call("POST", "project-delete", DELETE_PROJECT, 303, body={"name": "My Store"}),
]
