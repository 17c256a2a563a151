"""Changes that users make to their own account."""

from collections.abc import Mapping

from accounts.activity import NOBODY, record_activity
from accounts.errors import WrongPassword
from accounts.events import ActivityType
from accounts.models import User
from accounts.security import email_digest
from accounts.services.passwords import is_password_of
from accounts.services.users import change_sign_in, update_user
from orderchainer.core.errors import Invalid


def change_own_account(
    *,
    user: User,
    changes: Mapping[str, str],
    password: str | None = None,
    current_password: str | None = None,
) -> User:
    """Change what `update_user` changes and, if given, the password: all of it or nothing.

    A new e-mail or password requires the `current_password`: somebody who finds an open session, or
    has stolen a token, must not be able to keep the account. Returns the changed user.
    Raises `Invalid` (under `current_password`, `email`, `password`), `EmailInUse`, and
    `UserNotFound` for an account that was deleted meanwhile.
    """
    others = dict(changes)
    email = others.pop("email", None)
    if email is not None and _is_the_same(email, user):
        email = None
    if email is None and password is None:
        return update_user(user=user, changes=others, by=user) if others else user
    if current_password is None:
        words = "A new e-mail or password requires the current password."
        raise Invalid({"current_password": [words]})
    if not is_password_of(user, current_password):
        record_activity(
            ActivityType.LOGIN_FAILED,
            user=user,
            by=NOBODY,
            email_digest=email_digest(user.email),
            reason="current_password",
        )
        raise WrongPassword
    return change_sign_in(
        user=user,
        by=user,
        email=email,
        password=password,
        others=others,
        shown_hash=user.password,
    )


def _is_the_same(email: str, user: User) -> bool:
    return User.objects.normalize_email(email).strip() == user.email
