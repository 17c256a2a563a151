"""The secrets in an e-mail: six digits, and links.

They are made when the e-mail is written, and only their digests are stored.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import EmailCode, OutgoingEmail, User
from accounts.tokens import digest_of

CODE_DIGITS = 6
# Both lifetimes start at the request, because we promise `expiresAt` before the e-mail is written.
CODE_LIFETIME = timedelta(minutes=15)
LINK_LIFETIMES = {
    EmailCode.Purpose.VERIFY_EMAIL: timedelta(days=1),
    EmailCode.Purpose.RESET_PASSWORD: timedelta(hours=1),
}


# After this many wrong tries in a day, over all codes sent, e-mails carry only the link. Otherwise
# an attacker could request a new code after every five tries, for months.
MAX_GUESSES = 20
GUESSES_COUNT_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Proof:
    """The secrets in one e-mail. `code` is empty if it expired, or after too many wrong tries."""

    code: str
    link: UUID


def new_proof(*, user: User, purpose: EmailCode.Purpose, email: OutgoingEmail) -> Proof | None:
    """Make the code and the link for `email`, which replace those that `user` had.

    Returns None if the user has since asked again and the later e-mail was written first: its code
    must stay the valid one. The caller holds the lock on the user's row.
    """
    codes = EmailCode.objects.filter(user=user, purpose=purpose)
    if codes.filter(link_expires_at__gt=email.expires_at).exists():
        return None
    now = timezone.now()
    expires_at = email.created_at + CODE_LIFETIME
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    is_guessed_at = codes.filter(
        guesses__gte=MAX_GUESSES, guesses_since__gt=now - GUESSES_COUNT_FOR
    ).exists()
    proof = Proof(code if now < expires_at and not is_guessed_at else "", uuid4())
    EmailCode.objects.update_or_create(
        user=user,
        purpose=purpose,
        defaults={
            "email": user.email,
            "code_digest": code_digest(user.pk, purpose, proof.code),
            "link_digest": link_digest(proof.link),
            "wrong_tries": 0,
            "created_at": now,
            "expires_at": expires_at,
            "link_expires_at": email.expires_at,
        },
    )
    return proof


def note_guess(row: EmailCode) -> None:
    """Count a wrong try on `row`, for its code and for the day.

    The caller holds the lock on the user's row, and saves.
    """
    now = timezone.now()
    if row.guesses_since is None or row.guesses_since <= now - GUESSES_COUNT_FOR:
        row.guesses, row.guesses_since = 0, now
    row.guesses += 1
    row.wrong_tries += 1


def code_digest(user_id: int, purpose: str, code: str) -> str:
    """Return the stored digest of a code, in hexadecimal; empty for no code.

    It is keyed, because hashing all million codes is quick: a copy of the database alone reveals no
    code.
    """
    if not code:
        return ""
    text = f"{user_id}:{purpose}:{code}".encode(errors="replace")
    return salted_hmac("accounts.email_code", text, algorithm="sha256").hexdigest()


def link_digest(link: UUID) -> str:
    """Return the stored digest of a link. A random UUID is too long to guess."""
    return digest_of(str(link))
