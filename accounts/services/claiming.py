"""Give an account to the reader of its e-mails, when somebody else may have created it."""

from django.db import transaction
from django.utils import timezone

from accounts.events import account_claimed
from accounts.locks import lock_projects
from accounts.models import Invitation, User
from accounts.services.api_tokens import revoke_api_tokens
from accounts.services.invitations import revoke_each
from accounts.services.members import dismiss_others


@transaction.atomic
def claim_account(*, user: User) -> None:
    """Remove every access that somebody else may have set up before the address's reader came.

    Anybody can register with another person's e-mail and wait until that person finds the account,
    resets the password and uses it. A confirmed address proves nothing: its reader may
    have clicked the link of a registration that was not theirs. So the first reset removes what was
    set up until then: API tokens, members of the personal project, invitations to it, invitations
    that the account sent to other projects, and what receivers of `account_claimed` remove.
    Sessions end with the password. Invitations that the address received stay, because only its
    reader has their links. The caller holds the lock on the user's row.
    """
    User.objects.filter(pk=user.pk).update(claimed_at=timezone.now())
    user.refresh_from_db(fields=["claimed_at"])
    revoke_api_tokens(user=user)
    # Nobody can add to them meanwhile: inviting locks the row of the user who invites.
    sent = Invitation.objects.open().filter(invited_by=user)
    personal = user.personal_project
    projects = lock_projects({personal.pk, *sent.values_list("project_id", flat=True)})
    for project in projects:  # people invite into few projects
        revoke_each(sent.filter(project=project), project=project, by=None)
    dismiss_others(project=personal, user=user)
    account_claimed.send(sender=None, user=user)
