"""The secrets that an e-mail carries: six digits, and links. Made as the e-mail is written, kept as digests."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import EmailCode, OutgoingEmail, User
from accounts.tokens import digest_of

CODE_DIGITS = 6
# Both count from the moment of the request: `expiresAt` is promised before the e-mail is written.
CODE_LIFETIME = timedelta(minutes=15)
LINK_LIFETIMES = {
    EmailCode.Purpose.VERIFY_EMAIL: timedelta(days=1),
    EmailCode.Purpose.RESET_PASSWORD: timedelta(hours=1),
}


# Wrong tries of a day, over all codes that were sent in it, after which e-mails carry the link alone. A new
# code for every five of them, all day and for months, would be worth a try.
MAX_GUESSES = 20
GUESSES_COUNT_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Proof:
    """What an e-mail proves by: `code` is empty where its time is over, or where too many were guessed at."""

    code: str
    link: UUID


def new_proof(
    *, user: User, purpose: EmailCode.Purpose, email: OutgoingEmail
) -> Proof | None:
    """Make the code and the link that `email` will carry, in place of those that `user` had.

    None where the user has since asked again and the later e-mail was written first: its code is the
    newest, and has to stay so. The caller holds the user's row.
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
    """Count a wrong try on `row`, for its code and for the day. The caller holds the user's row, and saves."""
    now = timezone.now()
    if row.guesses_since is None or row.guesses_since <= now - GUESSES_COUNT_FOR:
        row.guesses, row.guesses_since = 0, now
    row.guesses += 1
    row.wrong_tries += 1


def code_digest(user_id: int, purpose: str, code: str) -> str:
    """Return what is kept of a code, in hexadecimal; empty for no code.

    Keyed, since a million hashes are soon made: a copy of the database alone gives no code away.
    """
    if not code:
        return ""
    text = f"{user_id}:{purpose}:{code}".encode(errors="replace")
    return salted_hmac("accounts.email_code", text, algorithm="sha256").hexdigest()


def link_digest(link: UUID) -> str:
    """Return what is kept of a link. A random UUID is too long to guess, so a bare hash will do."""
    return digest_of(str(link))
