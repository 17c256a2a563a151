"""Celery tasks for e-mails. Each may run twice, late or concurrently."""

from celery import shared_task

from accounts.mail import outbox
from orderchainer.core.background import nudge

# A nudge of the sweep expires after this time: the next sweep nudges again what is still due.
SWEPT_NUDGE_SECONDS = 10


@shared_task(name="accounts.send_email")
def send_email(email_id: int) -> None:
    """Try to send one e-mail, and schedule the next attempt if it comes soon."""
    delay_seconds = outbox.send(email_id)
    if delay_seconds is not None:
        nudge(send_email, email_id, countdown=delay_seconds)


@shared_task(name="accounts.sweep_emails")
def sweep_emails() -> None:
    """Nudge due e-mails that a crash, a broken broker or a long pause left behind."""
    for email_id in outbox.due_emails():
        nudge(send_email, email_id, expires_after=SWEPT_NUDGE_SECONDS)
