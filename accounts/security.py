"""Security events: one line each, by name, in the log named `security`.

Most of them are activities (`accounts.activity`), a row each beside the line. Lines alone are those that
would fill the table and concern nobody's account: `token_refused`, `email_verification_failed`. A line
names a user by id and never holds a password, a token or an e-mail. `docs/operations.md` lists them all.
"""

import structlog
from django.utils.crypto import salted_hmac

security_log = structlog.get_logger("security")


def email_digest(email: str) -> str:
    """Return what stands for `email` in a log line: a keyed hash of 16 hexadecimal digits.

    Repeated attempts on one address can be counted by it. The address itself stays out: people type
    their password into the wrong field, and a bare hash of an e-mail can be guessed back.
    """
    return salted_hmac(
        "accounts.security.email", email.strip().lower(), algorithm="sha256"
    ).hexdigest()[:16]
