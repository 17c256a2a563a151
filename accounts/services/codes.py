"""Codes and links that prove who reads the e-mails of an address: request, try and use them.

The worker that writes the e-mail makes them (`accounts.mail.proofs`). We lock the user's row before
we use or try one, so that concurrent guesses are counted one by one and each proof works once. A
wrong try must be committed although its request is refused, so the transactions here return a
refusal instead of raising it.

A new password is hashed between two transactions: the first one tries the proof, so that a wrong
one costs no hash, and the second tries it again and uses it up.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.activity import NOBODY, record_activity
from accounts.attempts import count_code
from accounts.errors import (
    EmailAlreadyVerified,
    LinkExpired,
    LinkNotFound,
    ResetCodeExpired,
    ResetCodeInvalid,
    ResetCodeNotFound,
    ResetLinkExpired,
    ResetLinkNotFound,
    UserDeactivated,
    UserNotFound,
    VerificationCodeExpired,
    VerificationCodeInvalid,
    VerificationCodeNotFound,
)
from accounts.events import ActivityType
from accounts.locks import lock_user
from accounts.mail.proofs import (
    CODE_LIFETIME,
    code_digest,
    link_digest,
    note_guess,
)
from accounts.models import EmailCode, OutgoingEmail, User
from accounts.security import email_digest, security_log
from accounts.services.claiming import claim_account
from accounts.services.emails import queue_code
from accounts.services.passwords import require_good_password
from accounts.services.reach import require_reach
from accounts.services.users import set_hashed_password
from orderchainer.core.errors import DomainError, Invalid, NotFound

Purpose = EmailCode.Purpose
# What a valid code or link leads to, with the locked user and in the same transaction.
Effect = Callable[[User], None]

MAX_WRONG_TRIES = 5

_INVALID: dict[str, Callable[[], Invalid]] = {
    Purpose.RESET_PASSWORD: ResetCodeInvalid,
    Purpose.VERIFY_EMAIL: VerificationCodeInvalid,
}
_EXPIRED: dict[str, Callable[[], Invalid]] = {
    Purpose.RESET_PASSWORD: ResetCodeExpired,
    Purpose.VERIFY_EMAIL: VerificationCodeExpired,
}
_NOT_FOUND: dict[str, Callable[[], NotFound]] = {
    Purpose.RESET_PASSWORD: ResetCodeNotFound,
    Purpose.VERIFY_EMAIL: VerificationCodeNotFound,
}
_LINK_NOT_FOUND: dict[str, type[LinkNotFound]] = {
    Purpose.RESET_PASSWORD: ResetLinkNotFound,
    Purpose.VERIFY_EMAIL: LinkNotFound,
}
_LINK_EXPIRED: dict[str, type[LinkExpired]] = {
    Purpose.RESET_PASSWORD: ResetLinkExpired,
    Purpose.VERIFY_EMAIL: LinkExpired,
}


# --- Asking for one ---------------------------------------------------------------------------


@transaction.atomic
def request_code(*, email: str, purpose: EmailCode.Purpose) -> datetime:
    """Send a code and a link to `email`; return when the code expires.

    Raises `UserNotFound`, and `EmailAlreadyVerified` if there is nothing left to prove. With
    `HIDE_ACCOUNT_EXISTENCE` on, it raises neither and looks up no user: the worker does that later,
    so that neither the answer nor its timing reveals whether the address has an account. Raises
    `LimitExceeded` after too many codes to one address.
    """
    recipient = email.strip()
    user: User | None = None
    if not settings.HIDE_ACCOUNT_EXISTENCE:
        user = _user_of(recipient)
        if user is None:
            raise UserNotFound
        if purpose == Purpose.VERIFY_EMAIL and user.email_verified_at is not None:
            raise EmailAlreadyVerified
        recipient = user.email
    count_code(email=recipient, purpose=purpose)
    if purpose == Purpose.RESET_PASSWORD:
        record_activity(
            ActivityType.PASSWORD_RESET_REQUESTED,
            user=user,
            by=NOBODY,
            email_digest=email_digest(recipient),
        )
    queued = queue_code(recipient=recipient, purpose=purpose)
    return queued.created_at + CODE_LIFETIME


@transaction.atomic
def send_code(*, user: User, purpose: EmailCode.Purpose, by: User) -> None:
    """Send a code and a link to `user`, on behalf of `by` in the back office.

    Raises `UserDeactivated`, `EmailAlreadyVerified`, and what `require_reach` raises.
    """
    require_reach(user, by=by)
    if not user.is_active:
        raise UserDeactivated
    if purpose == Purpose.VERIFY_EMAIL and user.email_verified_at is not None:
        raise EmailAlreadyVerified
    if purpose == Purpose.RESET_PASSWORD:
        record_activity(ActivityType.PASSWORD_RESET_REQUESTED, user=user, by=by)
    queue_code(recipient=user.email, purpose=purpose)


def address_of_link(*, link: UUID, purpose: EmailCode.Purpose) -> str:
    """Return the address that `link` was sent to. Raises `LinkNotFound` and `LinkExpired`."""
    return _open_link(link, purpose).user.email


# --- Choosing a new password ------------------------------------------------------------------


def reset_password(*, email: str, code: str, new_password: str) -> User:
    """Set a new password with a code, end all sessions and return the user.

    The first reset with an address also removes all access from before, see `claim_account`.

    Raises `UserNotFound`, `ResetCodeInvalid`, `ResetCodeExpired`, `ResetCodeNotFound`, and
    `Invalid` (under `password`) if the new password is refused; the code then stays valid.
    """
    return _reset(partial(_with_code, email, Purpose.RESET_PASSWORD, code), new_password)


def reset_password_by_link(*, link: UUID, new_password: str) -> User:
    """Do the same with a link. Raises `LinkNotFound`, `LinkExpired`, `Invalid`."""
    return _reset(partial(_with_link, link, Purpose.RESET_PASSWORD), new_password)


def _reset(proven: Callable[[Effect], User], new_password: str) -> User:
    proven(lambda user: require_good_password(new_password, user))
    # No transaction is open here, because nobody else should wait while we hash.
    hashed = make_password(new_password)
    return proven(lambda user: _set_and_claim(user, hashed))


def _set_and_claim(user: User, hashed: str) -> None:
    _use_up(user, Purpose.RESET_PASSWORD)
    set_hashed_password(user=user, hashed=hashed)
    if user.claimed_at is None:
        claim_account(user=user)
    # Only the reader of the e-mail can have this code.
    mark_email_verified(user=user)


# --- Verifying an e-mail ----------------------------------------------------------------------


def verify_email(*, email: str, code: str) -> User:
    """Verify the user's e-mail with a code; return the user.

    Raises `UserNotFound`, `EmailAlreadyVerified`, `VerificationCodeInvalid`,
    `VerificationCodeExpired`, `VerificationCodeNotFound`.
    """
    return _with_code(email, Purpose.VERIFY_EMAIL, code, _verify)


def confirm_email(*, link: UUID) -> User:
    """Do the same with a link. Raises `LinkNotFound`, `LinkExpired`."""
    return _with_link(link, Purpose.VERIFY_EMAIL, _verify)


def _verify(user: User) -> None:
    _use_up(user, Purpose.VERIFY_EMAIL)
    mark_email_verified(user=user)


@transaction.atomic
def mark_email_verified(*, user: User, by: User | None = None) -> None:
    """Mark the user's e-mail as verified.

    Either the user used a code or link that was sent there, or `by` did this in the back office.
    Codes and links that were sent before stay valid until they expire, because using them later
    does no harm. Raises what `require_reach` raises.
    """
    require_reach(user, by=by)
    moment = timezone.now()
    # Only if it is still the address that the proof was sent to: it may have changed since.
    marked = User.objects.filter(pk=user.pk, email=user.email, email_verified_at=None).update(
        email_verified_at=moment, updated_at=moment
    )
    if marked:
        user.email_verified_at = user.updated_at = moment
        record_activity(ActivityType.EMAIL_VERIFIED, user=user, by=by)


# --- Trying one -------------------------------------------------------------------------------


def _with_code(email: str, purpose: Purpose, code: str, effect: Effect) -> User:
    """Do `effect` if `code` was sent to the user of `email`. Raises otherwise."""
    outcome = _try_code(email, purpose, code, effect)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


@transaction.atomic(durable=True)
def _try_code(email: str, purpose: Purpose, code: str, effect: Effect) -> User | DomainError:
    """Do the work of `_with_code`, but return a refusal, so that the counted try is committed."""
    found = _user_of(email)
    user = lock_user(found) if found else None
    if user is None or not user.is_active:
        _note_failure(purpose, None, email, UserNotFound.code)
        return _hidden(purpose) or UserNotFound()
    refusal = _refusal(user, purpose, code)
    if refusal is not None:
        _note_failure(purpose, user, email, refusal.code)
        return refusal
    effect(user)
    return user


def _refusal(user: User, purpose: Purpose, code: str) -> DomainError | None:
    """Return the error if this is not the code of a locked user, and count a wrong guess."""
    refusal = _compare(user, purpose, code)
    # If the user was verified meanwhile by choosing a new password, the code still works.
    if (
        refusal is not None
        and purpose == Purpose.VERIFY_EMAIL
        and user.email_verified_at is not None
    ):
        return _hidden(purpose) or EmailAlreadyVerified()
    return refusal


def _compare(user: User, purpose: Purpose, code: str) -> DomainError | None:
    row = EmailCode.objects.filter(user=user, purpose=purpose).first()
    if row is None or not row.code_digest or not _is_for(user, row):
        if _is_on_its_way(user, purpose):
            return _INVALID[purpose]()
        return _hidden(purpose) or _NOT_FOUND[purpose]()
    if not constant_time_compare(row.code_digest, code_digest(user.pk, purpose, code)):
        note_guess(row)
        if row.wrong_tries >= MAX_WRONG_TRIES:
            # The link stays valid: an attacker does not have it, and must not lock out the user
            # who has it.
            row.code_digest = ""
        row.save(update_fields=["wrong_tries", "guesses", "guesses_since", "code_digest"])
        return _INVALID[purpose]()
    if row.expires_at <= timezone.now():
        return _EXPIRED[purpose]()
    return None


@transaction.atomic(durable=True)
def _with_link(link: UUID, purpose: Purpose, effect: Effect) -> User:
    """Do `effect` for the user that `link` was sent to. Raises `LinkNotFound` and `LinkExpired`."""
    user = lock_user(_open_link(link, purpose).user)
    # Read it again under the lock: somebody may have used it up meanwhile.
    row = _open_link(link, purpose)
    if user is None or not _is_for(user, row):
        raise _LINK_NOT_FOUND[purpose]
    effect(user)
    return user


def _use_up(user: User, purpose: Purpose) -> None:
    """Make the code and the link of a locked user invalid."""
    EmailCode.objects.filter(user=user, purpose=purpose).delete()


def _open_link(link: UUID, purpose: Purpose) -> EmailCode:
    row = (
        EmailCode.objects.filter(purpose=purpose, link_digest=link_digest(link))
        .select_related("user")
        .first()
    )
    if row is None or not row.user.is_active or not _is_for(row.user, row):
        raise _LINK_NOT_FOUND[purpose]
    if row.link_expires_at <= timezone.now():
        raise _LINK_EXPIRED[purpose]
    return row


def _user_of(email: str) -> User | None:
    """Return the active user of `email`, or None. Deactivated users cannot use codes."""
    user = User.objects.with_email(email.strip())
    return user if user and user.is_active else None


def _note_failure(purpose: Purpose, user: User | None, email: str, reason: str) -> None:
    digest = email_digest(email)
    if purpose == Purpose.RESET_PASSWORD:
        record_activity(
            ActivityType.PASSWORD_RESET_FAILED,
            user=user,
            by=NOBODY,
            reason=reason,
            email_digest=digest,
        )
    else:
        security_log.warning("email_verification_failed", reason=reason, email_digest=digest)


def _is_for(user: User, row: EmailCode) -> bool:
    """Tell whether the proof was sent to the user's current address."""
    return row.email.lower() == user.email.lower()


def _is_on_its_way(user: User, purpose: Purpose) -> bool:
    return OutgoingEmail.objects.filter(
        recipient=user.email, kind=purpose.value, state=OutgoingEmail.State.PENDING
    ).exists()


def _hidden(purpose: Purpose) -> DomainError | None:
    """Return the one error to use when the service hides which accounts exist."""
    return _INVALID[purpose]() if settings.HIDE_ACCOUNT_EXISTENCE else None
