"""Security events: one line each, by name, in the log named `security`.

Most of them are also activities (`accounts.activity`) and have a row as well. `token_refused`
and `email_verification_failed` are lines only: rows of them would fill the table, and they concern
no particular account. A line names a user by id and never contains a password, a token or an
e-mail. `docs/operations.md` lists all events.
"""

import structlog
from django.utils.crypto import salted_hmac

security_log = structlog.get_logger("security")


def email_digest(email: str) -> str:
    """Return the substitute for `email` in a log line: a keyed hash of 16 hexadecimal digits.

    It lets us count repeated attempts on one address. We keep the address itself out of the log,
    because people type their password into the wrong field. The hash has a key, because guessing
    reverses a plain hash of an e-mail.
    """
    return salted_hmac(
        "accounts.security.email", email.strip().lower(), algorithm="sha256"
    ).hexdigest()[:16]
