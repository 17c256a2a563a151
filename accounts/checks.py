"""Check at startup that e-mails can reach people, and that the permissions for staff exist."""

from collections.abc import Sequence
from email.utils import parseaddr

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_permission_codename
from django.core.checks import CheckMessage, Error, Warning, register

from accounts.access import OPERATIONS

CONSOLE = "django.core.mail.backends.console.EmailBackend"


@register()
def check_where_emails_go(**_: object) -> Sequence[CheckMessage]:
    """Warn when production prints its e-mails, codes and links included, to the console."""
    if settings.DEBUG or settings.EMAIL_BACKEND != CONSOLE:
        return []
    return [
        Warning(
            "E-mails are printed to the worker's console: nobody receives them, and anybody who "
            "reads that output can take over any account.",
            hint="Set EMAIL_URL, for example to smtp+tls://user:password@mail.example.com:587.",
            id="accounts.W001",
        )
    ]


@register()
def check_sender(**_: object) -> Sequence[CheckMessage]:
    """Refuse an EMAIL_FROM that no mail server accepts."""
    sender = settings.DEFAULT_FROM_EMAIL
    name, _at, host = parseaddr(sender)[1].rpartition("@")
    if name and host and sender.isprintable():
        return []
    return [
        Error(
            f"EMAIL_FROM is {sender!r}, which is not an address.",
            hint="Write `orders@example.com` or `Our shop <orders@example.com>`.",
            id="accounts.E001",
        )
    ]


@register()
def check_timeout(**_: object) -> Sequence[CheckMessage]:
    """Refuse an EMAIL_TIMEOUT that is not positive."""
    if settings.EMAIL_TIMEOUT > 0:
        return []
    return [
        Error(
            f"EMAIL_TIMEOUT is {settings.EMAIL_TIMEOUT:g}; it must be more than 0 seconds.",
            id="accounts.E002",
        )
    ]


@register()
def check_staff_permissions(**_: object) -> Sequence[CheckMessage]:
    """Refuse an operation whose staff permission does not exist: no staff could do it."""
    known = {
        f"{model._meta.app_label}.{codename}"
        for model in apps.get_models()
        for codename in (
            *(
                get_permission_codename(action, model._meta)
                for action in model._meta.default_permissions
            ),
            *(codename for codename, _name in model._meta.permissions),
        )
    }
    return [
        Error(
            f"The operation {operation} names the permission {permission!r}, which does not exist.",
            id="accounts.E003",
        )
        for operation in OPERATIONS.values()
        for permission in operation.staff_permissions
        if permission not in known
    ]
