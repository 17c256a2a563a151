"""Projects for tests, with a member in each role, made by the real services."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from rest_framework.test import APIClient

from accounts.events import ActivityType
from accounts.mail.invitation_links import new_link
from accounts.models import Activity, Invitation, Membership, Project, User
from accounts.services import create_project, invite
from accounts.tests.factories import client_of, make_users

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
    """Create a project with a member in each role; their e-mails are `<role>@example.com`.

    Thousands of tests begin with a team. So it writes the rows of the services with few statements.
    A test compares them with those of the services.
    """
    users = make_users([f"{role}@example.com" for role in Role])
    members = dict(zip(map(str, Role), users, strict=True))
    with transaction.atomic():
        project = create_project(owner=members["owner"], **{"name": "My Store", **fields})
        joining = {role: members[role] for role in Role if role != Role.OWNER}
        Membership.objects.bulk_create(
            [Membership(project=project, user=user, role=role) for role, user in joining.items()]
        )
        Activity.objects.bulk_create(
            [
                Activity(
                    type=ActivityType.MEMBER_JOINED,
                    user_id=user.pk,
                    actor_id=user.pk,
                    project_id=project.pk,
                    data={"role": str(role)},
                )
                for role, user in joining.items()
            ]
        )
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
