"""Change, activate and deactivate existing users."""

from collections.abc import Collection, Mapping
from copy import copy
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from accounts.activity import record_activity
from accounts.attempts import count_code, count_move
from accounts.errors import (
    EmailInUse,
    EmailTaken,
    OwnAccount,
    UsernameTaken,
    UserNotFound,
    WrongPassword,
)
from accounts.events import ActivityType, announce_changed_access
from accounts.locks import lock_user
from accounts.models import EmailCode, OutgoingEmail, Project, Session, User
from accounts.services.api_tokens import revoke_api_tokens
from accounts.services.emails import queue_code, queue_email
from accounts.services.passwords import password_problems, require_good_password
from accounts.services.reach import require_reach, require_superuser
from accounts.services.registration import (
    email_is_taken,
    email_problems,
    username_is_taken,
    username_problems,
)
from accounts.services.sessions import end_sessions
from orderchainer.core.errors import AlreadyExists, Invalid

# --- What they sign in with -------------------------------------------------------------------


def change_password(*, user: User, password: str, by: User | None = None) -> None:
    """Change the password of `user`, tell them by e-mail, and end every session.

    `by` is the person who does it and defaults to `user`. API tokens stay valid; a code that was
    sent to choose a password does not. Records `password_changed`. Raises `Invalid` under
    `password`, `UserNotFound` for a deleted account, and `StrongerUser` as `require_reach` does.
    """
    require_good_password(password, user)
    # Hash first, because it takes a tenth of a second and nobody else should wait for it.
    set_hashed_password(user=user, hashed=make_password(password), by=by)


@transaction.atomic
def set_hashed_password(*, user: User, hashed: str, by: User | None = None) -> None:
    """Do what `change_password` does with a good password that is hashed already."""
    require_reach(user, by=by)
    email = _locked(user).email
    user.password = hashed
    user.save(update_fields=["password", "updated_at"])
    EmailCode.objects.filter(user=user, purpose=EmailCode.Purpose.RESET_PASSWORD).delete()
    record_activity(ActivityType.PASSWORD_CHANGED, user=user, by=by)
    end_sessions(user=user, reason=Session.EndReason.PASSWORD_CHANGED, by=by)
    queue_email(kind=OutgoingEmail.Kind.PASSWORD_CHANGED, recipient=email)


def change_sign_in(
    *,
    user: User,
    by: User,
    email: str | None = None,
    password: str | None = None,
    others: Mapping[str, str] | None = None,
    shown_hash: str | None = None,
) -> User:
    """Change the e-mail, the password or both, all or nothing; return the changed user.

    The effects of each are described at `update_user` and `change_password`. `others` are further
    fields of `UPDATABLE` to change. `shown_hash` is the hash of the password that the caller has
    proven to know. Raises `Invalid` (under `email` and `password`, all problems at once),
    `EmailInUse`, `WrongPassword` if the password has changed since, `LimitExceeded` after too many
    changes, and `UserNotFound` for a deleted account.
    """
    candidate = copy(user)
    for name, value in (others or {}).items():
        setattr(candidate, name, value)
    if email is not None:
        candidate.email = _normalised(email)
    if errors := _sign_in_problems(candidate, email, password):
        raise Invalid(errors)
    if password is not None and by.pk == user.pk:
        # Count it, so that nobody fills a mailbox with notices of new passwords. Resets are not
        # counted.
        count_code(email=user.email, purpose="password_changed")
    hashed = None if password is None else make_password(password)
    try:
        with transaction.atomic():
            now = _locked(user)
            if shown_hash is not None and now.password != shown_hash:
                raise WrongPassword
            # The password first, so that notices of both changes go to the user's current address.
            if hashed is not None:
                set_hashed_password(user=now, hashed=hashed, by=by)
            changes = {**(others or {}), **({} if email is None else {"email": email})}
            if changes:
                update_user(user=now, changes=changes, by=by)
            return now
    except EmailTaken as exc:
        raise EmailInUse from exc


def _sign_in_problems(
    candidate: User, email: str | None, password: str | None
) -> dict[str, list[str]]:
    found = {} if email is None else {"email": email_problems(candidate.email)}
    if password is not None:
        found["password"] = password_problems(password, candidate)
    return {field: messages for field, messages in found.items() if messages}


def _locked(user: User) -> User:
    """Lock the user's row and return it as it is now. Raises `UserNotFound` if it is deleted."""
    now = lock_user(user)
    if now is None:
        raise UserNotFound
    return now


# --- The fields of their row ------------------------------------------------------------------

# The fields that `update_user` may change. The others have services of their own.
UPDATABLE = frozenset(
    {
        "email",
        "username",
        "first_name",
        "last_name",
        "phone",
        "address",
        "is_staff",
        "is_superuser",
    }
)
PRIVILEGES = ("is_staff", "is_superuser")


@transaction.atomic
def update_user(*, user: User, changes: Mapping[str, str | bool], by: User | None = None) -> User:
    """Change fields of `UPDATABLE` in the row and on the `user` object.

    `by` is the person who does it and defaults to `user`. Setting an equal value is no change. A
    new e-mail must be verified, we tell the old address, and codes and links that were sent there
    stop working; another spelling of the same e-mail is not a new one. Records `email_changed` and
    `privileges_changed`. Raises `Invalid` (under `email`, `username`), `EmailTaken`,
    `UsernameTaken`, `LimitExceeded` after too many e-mails to the new address, `UserNotFound` for a
    deleted account, `StrongerUser` as `require_reach` does, and `SuperusersOnly` for the
    `PRIVILEGES`.
    """
    unknown = set(changes) - UPDATABLE
    if unknown:
        msg = f"update_user changes no {sorted(unknown)}"
        raise TypeError(msg)
    require_reach(user, by=by)
    if set(changes) & set(PRIVILEGES):
        require_superuser(by)
    # The old values: `user` may have been read long ago, or be half changed by a form.
    before = _locked(user)
    for name, value in changes.items():
        setattr(user, name, value)
    _check(user, changes)
    fields = [name for name in changes if getattr(user, name) != getattr(before, name)]
    if not fields:
        return user
    is_moved = "email" in fields and user.email.lower() != before.email.lower()
    if is_moved:
        # The reader of the new address has neither confirmed it nor claimed the account.
        user.email_verified_at = user.claimed_at = None
        fields += ["email_verified_at", "claimed_at"]
    try:
        with transaction.atomic():
            user.save(update_fields=[*fields, "updated_at"])
    except IntegrityError as exc:
        # The database decides, even between two concurrent requests.
        if refusal := _taken(user, before):
            raise refusal from exc
        raise
    if is_moved:
        _follow_to_another_email(user, before.email, by)
    privileges: dict[str, Any] = {name: changes[name] for name in PRIVILEGES if name in fields}
    if privileges:
        record_activity(ActivityType.PRIVILEGES_CHANGED, user=user, by=by, **privileges)
        announce_changed_access(user_id=user.pk)
    return user


def _check(user: User, changes: Collection[str]) -> None:
    """Bring e-mail and username into the stored form. Raises `Invalid`."""
    errors = {}
    if "email" in changes:
        user.email = _normalised(user.email)
        errors["email"] = email_problems(user.email)
    if "username" in changes:
        user.username = User.normalize_username(user.username.strip())
        errors["username"] = username_problems(user.username)
    if any(errors.values()):
        raise Invalid({field: words for field, words in errors.items() if words})


def _normalised(email: str) -> str:
    return User.objects.normalize_email(email).strip()


def _taken(user: User, before: User) -> AlreadyExists | None:
    """Return the error for the new e-mail or username that somebody else has."""
    if user.email.lower() != before.email.lower() and email_is_taken(user.email):
        return EmailTaken()
    if user.username != before.username and username_is_taken(user.username):
        return UsernameTaken()
    return None


def _follow_to_another_email(user: User, old: str, by: User | None) -> None:
    """Do what a new e-mail entails."""
    # Codes and links that were sent to the old address no longer prove anything.
    EmailCode.objects.filter(user=user).delete()
    # At registration the project was named after the e-mail. A name that was chosen since stays.
    Project.objects.filter(personal_owner=user, name=old).update(name=user.email)
    record_activity(ActivityType.EMAIL_CHANGED, user=user, by=by)
    # Limit it, so that nobody fills one mailbox or many by naming them as their own.
    count_code(email=user.email, purpose=EmailCode.Purpose.VERIFY_EMAIL)
    if by is None or by.pk == user.pk:
        count_move(user)
    queue_code(recipient=user.email, purpose=EmailCode.Purpose.VERIFY_EMAIL)
    queue_email(
        kind=OutgoingEmail.Kind.EMAIL_CHANGED,
        recipient=old,
        data={"new_email": user.email},
    )


# --- Locking them out -------------------------------------------------------------------------


@transaction.atomic
def deactivate_user(*, user: User, by: User | None = None) -> None:
    """Lock `user` out everywhere at once; their API tokens are revoked for good. May be repeated.

    Records `user_deactivated`. Raises `OwnAccount` if `by` is `user`, and what `require_reach`
    raises.
    """
    if by is not None and by.pk == user.pk:
        raise OwnAccount
    require_reach(user, by=by)
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        record_activity(ActivityType.USER_DEACTIVATED, user=user, by=by)
        announce_changed_access(user_id=user.pk)
    user.is_active = False
    end_sessions(user=user, reason=Session.EndReason.DEACTIVATED, by=by)
    revoke_api_tokens(user=user, by=by)


@transaction.atomic
def activate_user(*, user: User, by: User | None = None) -> None:
    """Let `user` sign in again. May be repeated. Records `user_activated`.

    Raises `UserNotFound` for a deleted account: nobody could sign in to it. Raises what
    `require_reach` raises.
    """
    require_reach(user, by=by)
    _locked(user)
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        record_activity(ActivityType.USER_ACTIVATED, user=user, by=by)
        # A concurrent sign-in, or a deactivation by other means, may have left a session or an API
        # token behind. They must not work again.
        end_sessions(user=user, reason=Session.EndReason.DEACTIVATED, by=by)
        revoke_api_tokens(user=user, by=by)
    user.is_active = True
