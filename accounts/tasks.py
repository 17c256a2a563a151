"""Celery's doors to accounts."""

from celery import shared_task

from accounts import services
from accounts.mail.tasks import send_email, sweep_emails
from accounts.services.flushing import flush_expired

__all__ = ["flush_expired_tokens", "send_email", "sweep_avatars", "sweep_emails"]


@shared_task(name="accounts.flush_expired_tokens")
def flush_expired_tokens() -> None:
    """Delete what no token and no key can name any more. Runs daily; doing it twice harms nobody."""
    flush_expired()


@shared_task(name="accounts.sweep_avatars")
def sweep_avatars() -> None:
    """Delete the pictures that a crash left without a profile. Runs daily; doing it twice harms nobody."""
    services.sweep_avatars()
