"""Celery's doors to the outbox. Each may run twice, late or beside itself."""

from celery import shared_task

from accounts.mail import outbox
from orderchainer.core.background import nudge

# By then the next sweep has nudged whatever is still due.
SWEPT_NUDGE_SECONDS = 10


@shared_task(name="accounts.send_email")
def send_email(email_id: int) -> None:
    """Try to send one e-mail, and come back soon if that has to wait."""
    delay_seconds = outbox.send(email_id)
    if delay_seconds is not None:
        nudge(send_email, email_id, countdown=delay_seconds)


@shared_task(name="accounts.sweep_emails")
def sweep_emails() -> None:
    """Find e-mails that a crash, a dead broker or a long pause left."""
    for email_id in outbox.due_emails():
        nudge(send_email, email_id, expires_after=SWEPT_NUDGE_SECONDS)
