"""Decide after a failed attempt whether to try again, and which words of the error to keep."""

from collections.abc import Iterable
from smtplib import SMTPDataError, SMTPRecipientsRefused

# RFC 5321, 4.2.1: 4yz is temporary, 5yz permanent.
_FIRST_PERMANENT = 500


def is_permanent(exc: Exception) -> bool:
    """Tell whether the server rejected the text or the recipient for good.

    Everything else is tried again, for example a wrong password or an unknown sender, so that no
    e-mail is lost while somebody mends the settings.
    """
    if isinstance(exc, SMTPRecipientsRefused):
        codes = [code for code, _ in exc.recipients.values()]
        return bool(codes) and min(codes) >= _FIRST_PERMANENT
    if isinstance(exc, SMTPDataError):
        return exc.smtp_code >= _FIRST_PERMANENT
    return False


def told(exc: Exception, *, hiding: Iterable[str] = ()) -> str:
    """Return `exc` as one line for people, without secrets that the server may have quoted."""
    text = " ".join(f"{type(exc).__name__}: {exc}".split())
    for secret in hiding:
        text = text.replace(secret, "[redacted]")
    return text
