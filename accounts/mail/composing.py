"""Write an e-mail from its row: the recipient, the text and the secrets in it.

Text and HTML come from `templates/emails/`. No subject of an e-mail about an account contains a
secret, or any word that a user chose.
"""

from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

from accounts.locks import lock_user
from accounts.mail.invitation_links import new_link
from accounts.mail.letters import KINDS, Context, LetterKind, Unwanted, Written
from accounts.mail.proofs import CODE_LIFETIME, new_proof
from accounts.models import EmailCode, Invitation, OutgoingEmail, User

# Longer names are cut off here, because what follows is probably an advertisement.
MAX_NAME_LENGTH = 80


@dataclass(frozen=True)
class Letter:
    """An e-mail ready to be sent, and the secrets in it."""

    message: EmailMultiAlternatives
    secrets: tuple[str, ...] = ()


def compose(email: OutgoingEmail) -> Letter:
    """Write the e-mail. Raises `Unwanted`.

    Each call makes a new code and a new link, which replace those of earlier attempts.
    """
    kind = KINDS[email.kind]
    written = kind.write(email)
    subject = written.subject or kind.subject
    context = {**written.context, "subject": subject, "service": settings.PUBLIC_URL}
    message = EmailMultiAlternatives(
        subject,
        render_to_string(f"emails/{email.kind}.txt", context),
        from_email=_sender(written.sender),
        to=[written.to],
        headers={**_headers(email, kind), **written.headers},
    )
    message.attach_alternative(render_to_string(f"emails/{email.kind}.html", context), "text/html")
    return Letter(message, written.secrets)


def _sender(name: str) -> str | None:
    """Return our address with another name; None for the one in the settings."""
    return formataddr((name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])) if name else None


def _headers(email: OutgoingEmail, kind: LetterKind) -> dict[str, str]:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    # Mailboxes drop a second e-mail with the same id, so an attempt with another code needs another
    # id.
    attempt = "" if kind.is_repeatable else f"-{email.attempts}"
    return {
        "Message-ID": f"<email-{email.pk}{attempt}@{host}>",
        # RFC 3834, 5: no out-of-office reply.
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }


# --- The e-mails of each kind -----------------------------------------------------------------


def _verify_email(email: OutgoingEmail) -> Written:
    return _with_proof(email, EmailCode.Purpose.VERIFY_EMAIL, "confirm-email")


def _reset_password(email: OutgoingEmail) -> Written:
    return _with_proof(email, EmailCode.Purpose.RESET_PASSWORD, "reset-password")


def _password_changed(email: OutgoingEmail) -> Written:
    # It goes to the address that the user had when the password changed, so that an attacker who
    # also changed the address cannot hide this from the user.
    user = User.objects.with_email(email.recipient)
    if user is not None and not user.is_active:
        raise Unwanted("The account is not active.")
    name = _greeted(user) if user else ""
    return Written(email.recipient, {"name": name, "at": email.created_at})


def _email_changed(email: OutgoingEmail) -> Written:
    # It goes to the user's old address.
    new_email = email.data.get("new_email", "")
    return Written(email.recipient, {"new_email": new_email, "at": email.created_at})


def _invitation(email: OutgoingEmail) -> Written:
    invitation = (
        Invitation.objects.select_related("project", "invited_by")
        .filter(pk=str(email.data["invitation_id"]))
        .first()
    )
    # An invitation that was renewed expires later than the e-mail that was queued before.
    if invitation is not None and invitation.expires_at > email.expires_at:
        raise Unwanted("A later e-mail carries a newer link.")
    link = new_link(invitation.pk) if invitation else None
    if invitation is None or link is None:
        raise Unwanted("The invitation is no longer open.")
    by = invitation.invited_by
    if by is not None and by.email_verified_at is None:
        # The inviter may have signed up with somebody else's address, so we show neither that
        # address nor any words of theirs.
        by = None
    context: Context = {
        "project": shown(invitation.project.name) if by else "",
        "role": invitation.role,
        "inviter": shown(by.name) if by else "",
        "inviter_email": by.email if by else "",
        "expires_at": invitation.expires_at,
        "link": f"{settings.PUBLIC_URL}/invitations/{link}",
    }
    return Written(email.recipient, context, (str(link),))


def _recipient_of(email: OutgoingEmail) -> User:
    user = User.objects.with_email(email.recipient)
    if user is None:
        raise Unwanted("Nobody has this address.")
    if not user.is_active:
        raise Unwanted("The account is not active.")
    return user


def _greeted(user: User) -> str:
    # Somebody who signs up with another person's address also chooses the name. It must not become
    # a message to that person.
    return shown(user.name) if user.email_verified_at else ""


@transaction.atomic
def _with_proof(email: OutgoingEmail, purpose: EmailCode.Purpose, page: str) -> Written:
    # We lock the user, as in every use of a code, so that a code is not used while we replace it.
    user = lock_user(_recipient_of(email))
    if user is None or user.email.lower() != email.recipient.lower():
        raise Unwanted("Nobody has this address.")
    if purpose == EmailCode.Purpose.VERIFY_EMAIL and user.email_verified_at is not None:
        raise Unwanted("The address is already verified.")
    proof = new_proof(user=user, purpose=purpose, email=email)
    if proof is None:
        raise Unwanted("A later e-mail carries a newer code.")
    context: Context = {
        "name": _greeted(user),
        "code": proof.code,
        "code_expires_at": email.created_at + CODE_LIFETIME,
        "link": f"{settings.PUBLIC_URL}/{page}/{proof.link}",
        "link_expires_at": email.expires_at,
        "ip_address": email.data.get("ip_address") or "",
    }
    secrets = tuple(filter(None, (proof.code, str(proof.link))))
    return Written(user.email, context, secrets)


def shown(name: str) -> str:
    """Return a user's name as one short line that can stand within a sentence."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return line if len(line) <= MAX_NAME_LENGTH else f"{line[: MAX_NAME_LENGTH - 1]}…"


_OWN = OutgoingEmail.Kind
KINDS.add(_OWN.VERIFY_EMAIL, LetterKind("Confirm your e-mail address", _verify_email))
KINDS.add(_OWN.RESET_PASSWORD, LetterKind("Choose a new password", _reset_password))
KINDS.add(_OWN.PASSWORD_CHANGED, LetterKind("Your password was changed", _password_changed))
KINDS.add(_OWN.EMAIL_CHANGED, LetterKind("Your e-mail address was changed", _email_changed))
KINDS.add(_OWN.INVITATION, LetterKind("You are invited to a project", _invitation))
