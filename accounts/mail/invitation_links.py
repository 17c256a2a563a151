"""The links by which invitations are accepted: made as their e-mail is written, kept as digests."""

from uuid import UUID, uuid4

from django.utils import timezone

from accounts.models import Invitation
from accounts.tokens import digest_of


def new_link(invitation_id: UUID | str) -> UUID | None:
    """Give an invitation a new link and return it; every earlier one is dead from now on.

    None where there is nothing to accept any more: revoked, accepted, out of time, or its project is
    gone. The e-mail is then not worth sending. One statement: a link is never made for an invitation that
    is revoked at the same moment.
    """
    link = uuid4()
    is_open = Invitation.objects.filter(
        pk=invitation_id,
        accepted_at=None,
        revoked_at=None,
        expires_at__gt=timezone.now(),
        project__is_active=True,
    ).update(link_digest=digest_of_link(link))
    return link if is_open else None


def digest_of_link(link: UUID) -> str:
    """Return what an invitation's link is found by: 122 random bits need no salt."""
    return digest_of(str(link))
