"""Send the e-mails that are due, with the engine in `orderchainer.core.outbox`.

If a worker dies, the next one sends the e-mail with a new code, and only the newest code is valid.
"""

import structlog
from django.utils import timezone

from accounts.mail.composing import Letter, compose
from accounts.mail.failures import is_permanent, told
from accounts.mail.letters import Unwanted
from accounts.models import OutgoingEmail
from orderchainer.core import outbox
from orderchainer.core.measures import Counter
from orderchainer.core.outbox import Drop, GiveUp, Settled, TryAgain

logger = structlog.get_logger(__name__)

State = OutgoingEmail.State

EMAILS = Counter(
    "orderchainer_emails_total",
    "E-mails that came to an end, by kind and state (sent, failed, dropped).",
    ["kind", "state"],
)


def send(email_id: int) -> float | None:
    """Try to send one due e-mail; return in how many seconds to try again, if that is soon."""
    email = outbox.claim(OutgoingEmail.objects.all(), email_id)
    if email is None:
        return None
    settled = outbox.settle(email, outbox.attempt(lambda: _send(email)))
    _tell(email, settled)
    return settled.nudge_after_seconds


def due_emails() -> list[int]:
    """Return ids of pending e-mails that are due, longest waiting first."""
    return outbox.due_ids(OutgoingEmail.objects.all())


def _send(email: OutgoingEmail) -> None:
    if email.expires_at <= timezone.now():
        # It failed if a worker tried it, and is dropped if none ever did.
        late = GiveUp if email.last_error else Drop
        raise late(f"Too late. {email.last_error}".strip())
    if email.is_worn_out:
        raise GiveUp(f"Gave up. {email.last_error}".strip())
    letter: Letter | None = None
    try:
        letter = compose(email)
        letter.message.send()
    except Unwanted as exc:
        raise Drop(str(exc)) from exc
    except Exception as exc:
        # Whatever failed, the row records it, and the limits on attempts apply. Only a defect is
        # logged with a traceback, because a mail server's refusal names the recipient.
        error = told(exc, hiding=letter.secrets if letter else ())
        if is_permanent(exc):
            raise GiveUp(error) from None
        if not isinstance(exc, OSError):
            logger.exception("email_crashed", email=email.pk, kind=email.kind)
        raise TryAgain(error) from None


def _tell(email: OutgoingEmail, settled: Settled) -> None:
    """Log and count how the attempt went. The log never has an error's words: they name people."""
    if settled.state == State.PENDING:
        logger.warning(
            "email_postponed",
            email=email.pk,
            kind=email.kind,
            attempts=email.attempts,
            seconds=round(settled.delay_seconds, 1),
        )
        return
    EMAILS.labels(email.kind, settled.state).inc(settled.is_ours)
    log = logger.warning if settled.state == State.FAILED else logger.info
    log(
        "email_finished",
        email=email.pk,
        kind=email.kind,
        state=str(settled.state),
        attempts=email.attempts,
    )
