"""Limits on attempts on accounts, and on the e-mails that we send because of them."""

from orderchainer.core.limits.rates import Limit, register_limit

# Attempts without a token.
SIGN_IN = register_limit(Limit("sign-in", "RATE_LIMIT_AUTH"))
REGISTER = register_limit(Limit("register", "RATE_LIMIT_AUTH"))
USE_CODE = register_limit(Limit("use-code", "RATE_LIMIT_AUTH"))
# By address only. For an account we count the codes that are sent (`accounts.attempts.count_code`).
# If we counted the requests, an attacker could use up the user's share without any code being sent.
SEND_CODE = register_limit(Limit("send-code", "RATE_LIMIT_AUTH"))
CODES_SENT = register_limit(Limit("codes-sent", "RATE_LIMIT_CODES"))
# By sender. An e-mail with our name on it goes to any address that the sender chooses.
INVITATIONS_SENT = register_limit(Limit("invitations-sent", "RATE_LIMIT_INVITATIONS"))

# Under these limits we count the account as well as the address.
BY_ACCOUNT = frozenset({SIGN_IN, REGISTER, USE_CODE})


def account_subject(email: str) -> str:
    """Return the subject for the account of an e-mail, whether or not there is such an account."""
    return f"account:{email.strip().lower()}"
