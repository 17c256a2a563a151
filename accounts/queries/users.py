"""Which users a caller may look at and change, and how far the reach of staff goes."""

from uuid import UUID

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

from accounts.errors import StrongerUser, UserNotFound, UserNotYours
from accounts.models import User
from orderchainer.core.ids import uuid_in

# Staff who may change or delete users may also look at them.
_LOOK_AT_USERS = (
    "accounts.view_user",
    "accounts.change_user",
    "accounts.delete_user",
)


def user_for(caller: User, user_id: UUID | str) -> User:
    """Return the user with that UUID if the caller is that user, or staff who may look at users.

    Raises the same `UserNotFound` for users who do not exist, are deleted or are hidden from the
    caller.
    """
    uuid = uuid_in(user_id)
    if uuid == caller.uuid:
        return caller
    if uuid and caller.is_staff and any(map(caller.has_perm, _LOOK_AT_USERS)):
        for user in User.objects.filter(uuid=uuid, deleted_at=None):
            return user
    raise UserNotFound


def user_for_change(caller: User, user_id: UUID | str, *, permission: str) -> User:
    """Return a user whom `caller` may change: themselves, or others with the staff `permission`.

    Raises `UserNotFound`, `UserNotYours` if the caller may only view the user, and `StrongerUser`
    if the user is not in their reach. The services ask again while the user is locked.
    """
    user = user_for(caller, user_id)
    if user != caller and not caller.has_perm(permission):
        raise UserNotYours
    if not is_in_reach(caller, user):
        raise StrongerUser
    return user


def is_in_reach(editor: User, user: User) -> bool:
    """Tell whether `editor` has every permission that `user` has, so that they may change them.

    Only superusers reach superusers. The permissions of a deactivated `user` count: they come back
    with the activation. Reads both as they are now, in two statements; none for one's own account.
    """
    if editor.pk == user.pk:
        return True
    superusers = User.objects.filter(pk__in=[editor.pk, user.pk], is_superuser=True)
    strongest = dict(superusers.values_list("pk", "is_active"))
    if editor.pk in strongest:
        return strongest[editor.pk]
    if user.pk in strongest:
        return False
    lacking = _permissions_of(user).exclude(pk__in=_permissions_of(editor).values("pk"))
    return not lacking.exists()


def _permissions_of(user: User) -> QuerySet[Permission]:
    return Permission.objects.filter(Q(user=user.pk) | Q(group__user=user.pk))
