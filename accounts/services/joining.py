"""Coming into a project by the link of an invitation alone, with an account or without one."""

from uuid import UUID

from django.contrib.auth import authenticate
from django.db import transaction
from django.utils import timezone

from accounts.errors import InvalidCredentials, InvitationExpired, InvitationNotFound
from accounts.mail.invitation_links import digest_of_link
from accounts.models import Invitation, Membership, User
from accounts.services.codes import mark_email_verified
from accounts.services.invitations import accept_invitation
from accounts.services.registration import email_is_taken, register_user


def invitation_of(*, link: UUID) -> Invitation:
    """Return the open invitation that `link` was sent for, its project and inviter loaded.

    Raises `InvitationNotFound` and `InvitationExpired`.
    """
    invitation = (
        Invitation.objects.open()
        .select_related("project", "invited_by")
        .filter(link_digest=digest_of_link(link), project__is_active=True)
        .first()
    )
    if invitation is None:
        raise InvitationNotFound
    if invitation.expires_at <= timezone.now():
        raise InvitationExpired
    return invitation


def has_account(invitation: Invitation) -> bool:
    """Tell whether somebody signs in with the address that was invited."""
    return email_is_taken(invitation.email)


def join_with_account(*, link: UUID, password: str) -> Membership:
    """Accept an invitation as the user of the address that it was sent to.

    Raises `InvalidCredentials` and what `accept_invitation` does.
    """
    invitation = invitation_of(link=link)
    user = authenticate(username=invitation.email, password=password)
    if not isinstance(user, User):
        raise InvalidCredentials
    return _join(link, user)


@transaction.atomic
def join_anew(
    *, link: UUID, password: str, first_name: str = "", last_name: str = ""
) -> Membership:
    """Become a user and accept an invitation, or do neither.

    Raises what `register_user` and `accept_invitation` do.
    """
    invitation = invitation_of(link=link)
    user = register_user(
        email=invitation.email,
        password=password,
        first_name=first_name,
        last_name=last_name,
    )
    return _join(link, user)


@transaction.atomic
def _join(link: UUID, user: User) -> Membership:
    # Whoever has the link reads the e-mails of the address, which is the user's.
    mark_email_verified(user=user)
    return accept_invitation(link=link, user=user)
