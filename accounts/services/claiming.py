"""Giving an account to whoever reads the e-mails of its address, where somebody else may have made it."""

from django.db import transaction

from accounts.events import account_claimed
from accounts.models import User
from accounts.services.api_tokens import revoke_api_tokens
from accounts.services.members import dismiss_others


@transaction.atomic
def claim_account(*, user: User) -> None:
    """Leave no way in, or out, to whoever may have signed up with this address before its reader did.

    Anybody can register with somebody's e-mail and wait until they find the account, reset the password
    and use it. What was set up until then goes: API tokens, members of the personal project and
    invitations to it, and what hears of `account_claimed`. Sessions end with the password. The caller
    holds the user's row.
    """
    revoke_api_tokens(user=user)
    dismiss_others(project=user.personal_project, user=user)
    account_claimed.send(sender=None, user=user)
