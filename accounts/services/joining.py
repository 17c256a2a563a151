"""Join a project through an invitation's link alone, with or without an account."""

from typing import Unpack
from uuid import UUID

from django.contrib.auth import authenticate
from django.db import transaction
from django.utils import timezone

from accounts.errors import InvalidCredentials, InvitationExpired, InvitationNotFound
from accounts.mail.invitation_links import digest_of_link
from accounts.models import Invitation, Membership, User
from accounts.services.codes import mark_email_verified
from accounts.services.invitations import accept_invitation
from accounts.services.registration import (
    PersonalFields,
    email_is_taken,
    prepare_user,
    register_prepared,
)


def invitation_of(*, link: UUID) -> Invitation:
    """Return the open invitation of `link`, with its project and inviter loaded.

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
    """Tell whether the invited address has an account."""
    return email_is_taken(invitation.email)


def join_with_account(*, link: UUID, password: str) -> Membership:
    """Accept an invitation as the user of the invited address.

    Raises `InvalidCredentials` and what `accept_invitation` raises.
    """
    invitation = invitation_of(link=link)
    user = authenticate(username=invitation.email, password=password)
    if not isinstance(user, User):
        raise InvalidCredentials
    return _join(link, user)


def join_anew(*, link: UUID, password: str, **personal: Unpack[PersonalFields]) -> Membership:
    """Register a user and accept an invitation, or do neither.

    Raises what `register_user` and `accept_invitation` raise.
    """
    invitation = invitation_of(link=link)
    candidate = prepare_user(email=invitation.email, password=password, **personal)
    with transaction.atomic():
        return _join(link, register_prepared(candidate))


@transaction.atomic
def _join(link: UUID, user: User) -> Membership:
    # The link was sent to this user's address only, so having it proves the address.
    mark_email_verified(user=user)
    return accept_invitation(link=link, user=user)
