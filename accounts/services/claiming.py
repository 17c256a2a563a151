"""Give an account to the reader of its e-mails, when somebody else may have created it."""

from django.db import transaction

from accounts.events import account_claimed
from accounts.models import User
from accounts.services.api_tokens import revoke_api_tokens
from accounts.services.members import dismiss_others


@transaction.atomic
def claim_account(*, user: User) -> None:
    """Remove every access that somebody else may have set up before the address's reader came.

    Anybody can register with another person's e-mail and wait until that person finds the account,
    resets the password and uses it. So we remove what was set up until then: API tokens, members of
    the personal project and invitations to it, and what receivers of `account_claimed` remove.
    Sessions end with the password. The caller holds the lock on the user's row.
    """
    revoke_api_tokens(user=user)
    dismiss_others(project=user.personal_project, user=user)
    account_claimed.send(sender=None, user=user)
