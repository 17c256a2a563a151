"""Act as the worker in tests: send the e-mails that are due, and read their codes and links."""

import re
from uuid import UUID

from django.core import mail
from django.core.mail import EmailMultiAlternatives

from accounts.mail import outbox

_CODE = re.compile(r"^Your code:  (\d{6})$", re.MULTILINE)
_LINK = re.compile(r"^http\S+/([0-9a-f-]{36})$", re.MULTILINE)


def send_due() -> None:
    """Do a worker's work: try everything that is due, once."""
    for email_id in outbox.due_emails():
        outbox.send(email_id)


def emails_to(address: str) -> list[EmailMultiAlternatives]:
    """Send what is due, and return what `address` has got so far, oldest first."""
    send_due()
    return [
        message
        for message in mail.outbox
        if isinstance(message, EmailMultiAlternatives) and message.to == [address]
    ]


def code_sent_to(address: str) -> str:
    """Send what is due, and return the code in the newest e-mail to `address`."""
    return code_in(emails_to(address)[-1])


def link_sent_to(address: str) -> UUID:
    """Send what is due, and return the link in the newest e-mail to `address`."""
    return link_in(emails_to(address)[-1])


def code_in(message: EmailMultiAlternatives) -> str:
    """Return the six digits in the text of an e-mail."""
    found = _CODE.search(str(message.body))
    assert found, message.body
    return found[1]


def link_in(message: EmailMultiAlternatives) -> UUID:
    """Return the last part of the link in the text of an e-mail."""
    found = _LINK.search(str(message.body))
    assert found, message.body
    return UUID(found[1])
