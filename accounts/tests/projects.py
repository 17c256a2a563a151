"""Projects for tests, with a member in each role, made by the real services."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rest_framework.test import APIClient

from accounts.mail.invitation_links import new_link
from accounts.models import Invitation, Membership, Project, User
from accounts.services import create_project, invite, set_member
from accounts.tests.factories import client_of, make_user

Role = Membership.Role


@dataclass(frozen=True)
class Team:
    """A project and its members, one in each role, by the role's name."""

    project: Project
    members: dict[str, User]

    @property
    def owner(self) -> User:
        """The one owner."""
        return self.members["owner"]

    def client(self, role: str) -> APIClient:
        """Return a client with the member in that role signed in."""
        return client_of(self.members[role])

    def path(self, *parts: object) -> str:
        """Return a path of the hub within the project."""
        return "/".join(["/api/v1/projects", str(self.project.uuid), *map(str, parts)])


def make_team(**fields: Any) -> Team:
    """Create a project with a member in each role; their e-mails are `<role>@example.com`."""
    members = {str(role): make_user(email=f"{role}@example.com") for role in Role}
    project = create_project(owner=members["owner"], **{"name": "My Store", **fields})
    for role in Role:
        if role != Role.OWNER:
            set_member(project=project, user=members[role], role=role)
    return Team(project, members)


def make_invitation(
    team: Team, *, email: str = "grace@example.com", role: Role = Role.AGENT
) -> tuple[Invitation, UUID]:
    """Invite somebody in the owner's name. Return the invitation and the link in its e-mail."""
    invitation = invite(project=team.project, email=email, role=role, by=team.owner)
    link = new_link(invitation.pk)
    assert link is not None
    invitation.refresh_from_db()
    return invitation, link


def roles_in(project: Project) -> dict[str, str]:
    """Return the members' roles by the part of their e-mails before the @."""
    rows = project.memberships.values_list("user__email", "role")
    return {email.partition("@")[0]: role for email, role in rows}
