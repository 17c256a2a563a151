"""What can be done to a user who exists."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from accounts.errors import EmailTaken, OwnAccount
from accounts.models import Session, User
from accounts.security import security_log
from accounts.services.api_tokens import revoke_api_tokens
from accounts.services.passwords import password_problems
from accounts.services.registration import email_is_taken, email_problems
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


# What `update_user` may change. The rest has a service of its own.
UPDATABLE = frozenset(
    {"email", "first_name", "last_name", "phone", "address", "is_staff", "is_superuser"}
)
PRIVILEGES = frozenset({"is_staff", "is_superuser"})


@transaction.atomic
def update_user(*, user: User, changes: Mapping[str, str | bool]) -> User:
    """Change fields of `UPDATABLE`. Raises `Invalid` under `email`, and `EmailTaken`."""
    unknown = set(changes) - UPDATABLE
    if unknown:
        msg = f"update_user changes no {sorted(unknown)}"
        raise TypeError(msg)
    for name, value in changes.items():
        setattr(user, name, value)
    if "email" in changes:
        user.email = User.objects.normalize_email(user.email).strip()
        if problems := email_problems(user.email):
            raise Invalid({"email": problems})
    try:
        with transaction.atomic():
            user.save(update_fields=[*changes, "updated_at"])
    except IntegrityError as exc:
        if email_is_taken(user.email):
            raise EmailTaken from exc
        raise
    if privileges := sorted(PRIVILEGES & set(changes)):
        security_log.warning(
            "privileges_changed",
            user_id=user.pk,
            **{name: changes[name] for name in privileges},
        )
    return user


@transaction.atomic
def deactivate_user(*, user: User, by: User | None = None) -> None:
    """Lock `user` out, at once, everywhere, and with every API token for good. Doing it again changes nothing.

    Raises `OwnAccount` where somebody would do it to themselves.
    """
    if by is not None and by.pk == user.pk:
        raise OwnAccount
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        security_log.info("user_deactivated", user_id=user.pk)
    user.is_active = False
    end_sessions(user=user, reason=Session.EndReason.DEACTIVATED)
    revoke_api_tokens(user=user, by=by)


@transaction.atomic
def activate_user(*, user: User) -> None:
    """Let `user` sign in again, anew. Doing it again changes nothing."""
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        security_log.info("user_activated", user_id=user.pk)
        # A sign-in that was under way when the user was deactivated, or a deactivation by another
        # door, may have left a session or an API token behind: neither must come back to life.
        end_sessions(user=user, reason=Session.EndReason.DEACTIVATED)
        revoke_api_tokens(user=user)
    user.is_active = True
