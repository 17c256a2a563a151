"""What people change about themselves, with the password where it is about getting in."""

from collections.abc import Mapping

from django.contrib.auth.hashers import check_password
from django.db import transaction

from accounts.errors import TokenRefused
from accounts.models import User
from accounts.services.users import change_password, update_user
from orderchainer.api.errors import Invalid


def change_own_account(
    *,
    user: User,
    changes: Mapping[str, str],
    password: str | None = None,
    current_password: str | None = None,
) -> User:
    """Change what `update_user` does and, where one is given, the password: all of it or nothing.

    Another e-mail or password needs the `current_password`: whoever finds an open session, or has stolen
    a token, must not be able to keep the account. Returns the user as they are now. Raises `Invalid`
    (under `current_password`, `email`, `password`), `EmailTaken`, and `TokenRefused` where `user` may not
    come in any more.
    """
    is_about_getting_in = password is not None or _is_other_email(user, changes)
    if is_about_getting_in:
        # Before the transaction: a hash takes a tenth of a second, and on SQLite all writers wait.
        _require(user, current_password)
    with transaction.atomic():
        now = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not now.is_active:
            raise TokenRefused
        if is_about_getting_in and now.password != user.password:
            raise _wrong_password()
        if changes:
            update_user(user=now, changes=changes)
        if password is not None:
            change_password(user=now, password=password)
    return now


def _is_other_email(user: User, changes: Mapping[str, str]) -> bool:
    email = changes.get("email", user.email)
    return User.objects.normalize_email(email).strip() != user.email


def _require(user: User, current_password: str | None) -> None:
    if current_password is None:
        raise Invalid(
            {
                "current_password": [
                    "Another e-mail or password needs the current password."
                ]
            }
        )
    # Not the user's own method: it may write the hash anew, which ends every session.
    if not check_password(current_password, user.password):
        raise _wrong_password()


def _wrong_password() -> Invalid:
    return Invalid({"current_password": ["This is not your password."]})
