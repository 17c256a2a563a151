"""Record sign-ins that Django's own authentication handles, and react to deleted accounts."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.signals import (
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from django.contrib.contenttypes.models import ContentType
from django.dispatch import receiver

from accounts.activity import NOBODY, record_activity
from accounts.events import ActivityType, user_deleted
from accounts.models import Project, Session, User
from accounts.security import email_digest

# Sign-ins with a cookie. Everywhere else people use tokens.
_ADMIN = "admin"


@receiver(user_login_failed)
def record_failed_login(
    sender: object,
    credentials: dict[str, Any],
    request: object = None,
    **kwargs: object,
) -> None:
    """Record `login_failed`: wrong password, unknown e-mail or inactive user.

    We look up the user with one statement whether or not they exist, so that the response time
    reveals nothing. No transaction is open here, so the row stays although the sign-in is refused.
    """
    email = str(credentials.get("username") or credentials.get("email") or "")
    about: dict[str, Any] = {"email_digest": email_digest(email)}
    if request is not None:  # only a form passes its request to Django's `authenticate`
        about["door"] = _ADMIN
    record_activity(
        ActivityType.LOGIN_FAILED, user=User.objects.with_email(email), by=NOBODY, **about
    )


@receiver(user_logged_in)
def record_admin_login(sender: object, user: User, **kwargs: object) -> None:
    """Record `login_succeeded` for a sign-in with a cookie; `open_session` records the others."""
    record_activity(ActivityType.LOGIN_SUCCEEDED, user=user, door=_ADMIN)


@receiver(user_logged_out)
def record_admin_logout(sender: object, user: User | None, **kwargs: object) -> None:
    """Record `session_ended` for a sign-out with a cookie, if somebody was signed in."""
    if user is not None:
        record_activity(
            ActivityType.SESSION_ENDED,
            user=user,
            reason=str(Session.EndReason.LOGGED_OUT),
            door=_ADMIN,
        )


@receiver(user_deleted)
def forget_names_in_the_admins_history(sender: object, user: User, **kwargs: object) -> None:
    """Replace the names of the user and their projects in the admin's history by the new ones."""
    projects = Project.objects.filter(personal_owner=user).values_list("pk", flat=True)
    for model, keys in ((User, [user.pk]), (Project, projects)):
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(model),
            object_id__in=[str(key) for key in keys],
        ).update(object_repr=str(user))
