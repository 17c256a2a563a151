"""Security events: one line each, by name, in the log named `security`.

Events: `user_registered`, `login_succeeded`, `login_failed`, `token_refused`, `refresh_token_reused`,
`session_ended`, `password_changed`, `user_activated`, `user_deactivated`, `privileges_changed`.
A line names a user by id and never holds a password, a token or an e-mail.
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
