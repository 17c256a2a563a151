"""What a failed attempt at sending says: whether another could go better, and in which words to keep it."""

from collections.abc import Iterable
from smtplib import SMTPDataError, SMTPRecipientsRefused

# RFC 5321, 4.2.1: 4yz is for now, 5yz for good.
_FIRST_PERMANENT = 500


def is_permanent(exc: Exception) -> bool:
    """Tell whether the server will never take this e-mail: it refuses the text or the recipient for good.

    Whatever it has against us (a wrong password, a sender that it does not know) or against the moment
    is tried again, so that nothing is lost while somebody mends the settings.
    """
    if isinstance(exc, SMTPRecipientsRefused):
        codes = [code for code, _ in exc.recipients.values()]
        return bool(codes) and min(codes) >= _FIRST_PERMANENT
    if isinstance(exc, SMTPDataError):
        return exc.smtp_code >= _FIRST_PERMANENT
    return False


def told(exc: Exception, *, hiding: Iterable[str] = ()) -> str:
    """Return `exc` as one line for people, without the secrets that a server may have quoted."""
    text = " ".join(f"{type(exc).__name__}: {exc}".split())
    for secret in hiding:
        text = text.replace(secret, "[redacted]")
    return text
