"""Staff may change an account only if they have every permission that its user has.

Otherwise staff could set a stronger user's password, or change their e-mail, and then act as that
user.
"""

from accounts.errors import StrongerUser, SuperusersOnly, UserNotFound
from accounts.locks import lock_user
from accounts.models import User
from accounts.queries import is_in_reach


def require_reach(user: User, *, by: User | None) -> None:
    """Lock the row of `user`, and refuse `by` if the user has a permission that `by` lacks.

    Users may always change themselves, and None stands for the user or the system; then nothing is
    locked. Raises `StrongerUser`, and `UserNotFound` for a deleted account. Call it in the
    transaction of the change, so that the answer still holds at the commit.
    """
    if by is None or by.pk == user.pk:
        return
    if lock_user(user) is None:
        raise UserNotFound
    if not is_in_reach(by, user):
        raise StrongerUser


def require_superuser(by: User | None) -> None:
    """Refuse everybody but superusers, who alone hand out permissions. None is the system."""
    if by is None:
        return
    if not User.objects.filter(pk=by.pk, is_superuser=True, is_active=True).exists():
        raise SuperusersOnly
