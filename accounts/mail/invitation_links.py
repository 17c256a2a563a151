"""The links that accept an invitation: made with the e-mail, stored as digests."""

from uuid import UUID, uuid4

from django.utils import timezone

from accounts.models import Invitation
from accounts.tokens import digest_of


def new_link(invitation_id: UUID | str) -> UUID | None:
    """Give an invitation a new link, which replaces any earlier one, and return it.

    Returns None if the invitation was revoked or accepted, has expired, or its project is switched
    off: then no e-mail is needed. One statement, so that an invitation that is revoked at the same
    moment never gets a link.
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
    """Return the digest that we find an invitation by. 122 random bits need no salt."""
    return digest_of(str(link))
