"""Invite people into a project by e-mail, and accept invitations."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.access import MANAGE_MEMBERS, MANAGE_OWNERS
from accounts.activity import record_activity, record_each
from accounts.attempts import count_invitation
from accounts.errors import (
    AlreadyMember,
    InvitationExpired,
    InvitationForSomebodyElse,
    InvitationNotFound,
    TooManyInvitations,
)
from accounts.events import ActivityType
from accounts.locks import lock_caller, lock_project, lock_user
from accounts.mail.invitation_links import digest_of_link
from accounts.models import (
    Invitation,
    InvitationQuerySet,
    Membership,
    OutgoingEmail,
    Project,
    User,
)
from accounts.queries import require_operation
from accounts.services.emails import queue_email
from accounts.services.registration import email_problems
from orderchainer.core.errors import Invalid

Role = Membership.Role

LIFETIME = timedelta(days=7)
# For one project at a time.
MAX_OPEN = 200


@transaction.atomic
def invite(*, project: Project, email: str, role: Role, by: User) -> Invitation:
    """Invite the reader of `email` into the project for `LIFETIME`, and send them a link.

    Inviting again renews the invitation with a new role, time and link. Records `member_invited`.
    Raises `Invalid` under `email`, `AlreadyMember`, `TooManyInvitations`, `RoleNotEnough` if `by`
    may not invite, or not to that role, `TokenRefused` if `by` has another password by now, and
    `LimitExceeded` after too many invitations by `by` or to this address.
    """
    email = User.objects.normalize_email(email.strip())
    if problems := email_problems(email):
        raise Invalid({"email": problems})
    # The invitation will refer to `by`, so we lock their row first, in the order of the locks.
    lock_caller(by)
    project = lock_project(project)
    require_operation(by, project, MANAGE_MEMBERS)
    invitation = project.invitations.open().filter(email__iexact=email).first()
    if role == Role.OWNER or (invitation and invitation.role == Role.OWNER):
        require_operation(by, project, MANAGE_OWNERS)
    if project.memberships.filter(user__email__iexact=email).exists():
        raise AlreadyMember
    if invitation is None:
        if project.invitations.open().count() >= MAX_OPEN:
            raise TooManyInvitations(MAX_OPEN)
        invitation = Invitation(project=project)
    count_invitation(email=email, by=by)
    invitation.email = email
    invitation.role = role
    invitation.invited_by = by
    # A link in an e-mail that was sent before no longer works. The next e-mail brings a new one.
    invitation.link_digest = ""
    invitation.expires_at = timezone.now() + LIFETIME
    invitation.save()
    record_activity(
        ActivityType.MEMBER_INVITED,
        user=None,
        by=by,
        project_id=project.pk,
        invitation_id=str(invitation.pk),
        role=str(role),
    )
    queue_email(
        kind=OutgoingEmail.Kind.INVITATION,
        recipient=email,
        data={"invitation_id": str(invitation.pk)},
        lifetime=LIFETIME,
    )
    return invitation


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User) -> None:
    """Revoke an invitation. Records `invitation_revoked`.

    Raises `InvitationNotFound` if it is no longer open, and `RoleNotEnough` if `by` may not do it.
    """
    project = lock_project(invitation.project)
    require_operation(by, project, MANAGE_MEMBERS)
    found = project.invitations.open().filter(pk=invitation.pk)
    # Read the role again: the invitation may have been renewed while we waited.
    role = found.values_list("role", flat=True).first()
    if role is None:
        raise InvitationNotFound
    if role == Role.OWNER:
        require_operation(by, project, MANAGE_OWNERS)
    revoke_each(found, project=project, by=by)


def revoke_each(invitations: InvitationQuerySet, *, project: Project, by: User | None) -> None:
    """Revoke open invitations to a locked project. Records `invitation_revoked`."""
    revoked = list(invitations)
    if not revoked:
        return
    Invitation.objects.filter(pk__in=[each.pk for each in revoked]).update(
        revoked_at=timezone.now(), link_digest=""
    )
    record_each(
        ActivityType.INVITATION_REVOKED,
        [{"invitation_id": str(each.pk), "role": each.role} for each in revoked],
        user=None,
        by=by,
        project_id=project.pk,
    )


@transaction.atomic
def accept_invitation(*, link: UUID, user: User) -> Membership:
    """Make `user` a member of the invitation's project. A link works once. Records `member_joined`.

    The link proves that somebody reads the e-mails of the address. By signing in with that address,
    `user` proves to be this reader. Raises `InvitationNotFound`, `InvitationForSomebodyElse`,
    `InvitationExpired` and `AlreadyMember`.
    """
    digest = digest_of_link(link)
    invitation = Invitation.objects.filter(link_digest=digest).first()
    if invitation is None:
        raise InvitationNotFound
    accepting = lock_user(user)
    project = lock_project(invitation.project)
    # Read it again: it may have been accepted, revoked or renewed while we waited.
    invitation = (
        project.invitations.open().select_related("invited_by").filter(link_digest=digest).first()
    )
    if invitation is None or accepting is None or not project.is_active:
        raise InvitationNotFound
    if accepting.email.lower() != invitation.email.lower():
        raise InvitationForSomebodyElse
    if invitation.expires_at <= timezone.now():
        raise InvitationExpired
    # A deactivated account may have been stolen, so its invitations do not work.
    if invitation.invited_by is not None and not invitation.invited_by.is_active:
        raise InvitationNotFound
    if project.memberships.filter(user=accepting).exists():
        raise AlreadyMember
    membership = Membership.objects.create(project=project, user=accepting, role=invitation.role)
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    record_activity(
        ActivityType.MEMBER_JOINED,
        user=accepting,
        project_id=project.pk,
        invitation_id=str(invitation.pk),
        role=invitation.role,
    )
    return membership
