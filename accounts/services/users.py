"""What can be done to a user who exists."""

from django.db import transaction

from accounts.models import Session, User
from accounts.security import security_log
from accounts.services.passwords import password_problems
from accounts.services.sessions import end_sessions
from orderchainer.api.errors import Invalid


@transaction.atomic
def change_password(*, user: User, password: str) -> None:
    """Give `user` another password and end every session. Raises `Invalid` under `password`."""
    if problems := password_problems(password, user):
        raise Invalid({"password": problems})
    user.set_password(password)
    user.save(update_fields=["password", "updated_at"])
    security_log.info("password_changed", user_id=user.pk)
    end_sessions(user=user, reason=Session.EndReason.PASSWORD_CHANGED)


@transaction.atomic
def deactivate_user(*, user: User) -> None:
    """Lock `user` out, at once and everywhere. Doing it again changes nothing."""
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        security_log.info("user_deactivated", user_id=user.pk)
    user.is_active = False
    end_sessions(user=user, reason=Session.EndReason.DEACTIVATED)


@transaction.atomic
def activate_user(*, user: User) -> None:
    """Let `user` sign in again, anew. Doing it again changes nothing."""
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        security_log.info("user_activated", user_id=user.pk)
        # A sign-in that was under way when the user was deactivated, or a deactivation by another
        # door, may have left a session behind: it must not come back to life.
        end_sessions(user=user, reason=Session.EndReason.DEACTIVATED)
    user.is_active = True
