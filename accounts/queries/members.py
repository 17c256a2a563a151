"""Who is a member of a project, and who is invited to become one."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.errors import InvitationNotFound, MemberNotFound
from accounts.models import Invitation, Membership, Project
from orderchainer.core.ids import uuid_in


def members_of(project: Project) -> QuerySet[Membership]:
    """Return the members of the project with their users, oldest first."""
    return project.memberships.select_related("user").order_by("pk")


def member_for(project: Project, user_id: UUID | str) -> Membership:
    """Return the member with that user's UUID, user loaded. Raises `MemberNotFound`."""
    uuid = uuid_in(user_id)
    member = members_of(project).filter(user__uuid=uuid).first() if uuid else None
    if member is None:
        raise MemberNotFound
    return member


def invitations_of(project: Project) -> QuerySet[Invitation]:
    """Return the open invitations, even expired ones, with their senders, oldest first."""
    return project.invitations.open().select_related("invited_by").order_by("created_at", "pk")


def invitation_for(project: Project, invitation_id: UUID | str) -> Invitation:
    """Return an open invitation to the project. Raises `InvitationNotFound`."""
    uuid = uuid_in(invitation_id)
    found = invitations_of(project).filter(pk=uuid).first() if uuid else None
    if found is None:
        raise InvitationNotFound
    return found
