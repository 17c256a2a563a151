"""Celery tasks of accounts."""

from celery import shared_task

from accounts import services
from accounts.mail.tasks import send_email, sweep_emails
from accounts.services.flushing import flush_expired

__all__ = ["flush_expired_tokens", "send_email", "sweep_avatars", "sweep_emails"]


@shared_task(name="accounts.flush_expired_tokens")
def flush_expired_tokens() -> None:
    """Delete expired tokens, codes and the like. Runs daily; repeating it is harmless."""
    flush_expired()


@shared_task(name="accounts.sweep_avatars")
def sweep_avatars() -> None:
    """Delete avatars that a crash left without a profile. Runs daily; repeating it is harmless."""
    services.sweep_avatars()
