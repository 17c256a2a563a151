"""Example calls for `test_matrix.py`: at least one for each method of each path within a project.

Each app that serves such paths lists its calls in `<app>/tests/matrix.py`: those of the API as
`CALLS`, and those of pages as `PAGES`. `arguments` makes what a call needs in its project.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

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
from accounts.models import Membership, User
from accounts.pages.projects import version_of
from accounts.services import invite, set_member
from accounts.tests.factories import make_user
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
