"""Sign-ins that Django tells of: refused ones by every door, let through ones by the admin's."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver

from accounts.models import User
from accounts.security import email_digest, security_log


@receiver(user_login_failed)
def log_failed_login(
    sender: object, credentials: dict[str, Any], **kwargs: object
) -> None:
    """Record `login_failed`: wrong password, unknown e-mail or inactive user, never told apart."""
    email = str(credentials.get("username") or credentials.get("email") or "")
    security_log.warning("login_failed", email_digest=email_digest(email))


@receiver(user_logged_in)
def log_admin_login(sender: object, user: User, **kwargs: object) -> None:
    """Record `login_succeeded` for a sign-in with a cookie; those with tokens are recorded as they open."""
    security_log.info("login_succeeded", user_id=user.pk, door="admin")
