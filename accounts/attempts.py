"""Count attempts on accounts, by the address that they come from and by the account.

We count the address first: an attack from one address on many accounts stops there and does not use
up the accounts' shares. The account's count stops attacks from many addresses. It must not stop the
user, so it does not apply to addresses from which the account was used lately.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.events import ActivityType
from accounts.limits import BY_ACCOUNT, CODES_SENT, INVITATIONS_SENT, account_subject
from accounts.models import Activity, Session, User
from orderchainer.core.limits.rates import (
    Limit,
    LimitExceeded,
    Usage,
    address_subject,
    count,
    network_of,
    tighter,
    user_subject,
)

LATELY = timedelta(days=30)


def count_attempt(address: str | None, limit: Limit, accounts: Iterable[str]) -> Usage | None:
    """Count an attempt for its address and, under a limit of `BY_ACCOUNT`, for each of `accounts`.

    `accounts` are e-mails as they were typed; we look at them only if the address is within its
    limit. Returns the usage with least remaining, None if the limit is off. Raises `LimitExceeded`.
    """
    tightest = count(limit, [address_subject(address)])
    if tightest is None or limit not in BY_ACCOUNT:
        return tightest
    for subject in dict.fromkeys(map(account_subject, accounts)):
        try:
            usage = count(limit, [subject])
        except LimitExceeded:
            email = subject.removeprefix("account:")
            if not _was_used_from(email, network_of(address)):
                raise
        else:
            tightest = tighter(tightest, usage)
    return tightest


def count_code(*, email: str, purpose: str) -> None:
    """Count a code that is about to be sent, so that attackers cannot fill a mailbox with codes.

    Each purpose is counted separately. A user whose count is used up has a recent e-mail, with a
    link that works whatever others try. Raises `LimitExceeded`.
    """
    count(CODES_SENT, [f"{purpose}:{account_subject(email)}"])


def count_move(user: User) -> None:
    """Count a change to another e-mail, since we send a code to any address that `user` names.

    Raises `LimitExceeded`.
    """
    count(CODES_SENT, [f"move:{user_subject(user.pk)}"])


def count_invitation(*, email: str, by: User) -> None:
    """Count an invitation that is about to be sent, by its sender and by its recipient.

    Raises `LimitExceeded`.
    """
    count(INVITATIONS_SENT, [user_subject(by.pk)])
    count_code(email=email, purpose="invitation")


def _was_used_from(email: str, network: str) -> bool:
    """Tell whether the user of `email` had a session, or signed in, from `network` lately.

    One statement.
    """
    if not network:
        return False
    since = timezone.now() - LATELY
    users = User.objects.annotate(email_key=Lower("email")).filter(email_key=email, is_active=True)
    sessions = Session.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=since),
        user__in=users,
        expires_at__gte=since,
    )
    # We look at both: a session may last long after it was opened, and a sign-in to the back office
    # has no session row.
    sign_ins = Activity.objects.filter(
        user_id__in=users.values("pk"),
        type=ActivityType.LOGIN_SUCCEEDED,
        created_at__gte=since,
    )
    addresses = sessions.values_list("ip_address").union(sign_ins.values_list("ip_address"))
    return any(network_of(address) == network for (address,) in addresses)
