"""Check at startup that e-mails can reach people, and that what apps name exists."""

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_permission_codename
from django.core.checks import CheckMessage, Error, Warning, register
from django.urls import NoReverseMatch, get_resolver, reverse

from accounts.access import OPERATIONS
from orderchainer.core.hosts import is_this_machine
from orderchainer.core.web.navigation import CORNER, NAVIGATION
from orderchainer.core.web.panels import PANELS

CONSOLE = "django.core.mail.backends.console.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"
# What the names that EMAIL_URL may have besides do with an e-mail.
GOES_NOWHERE = {
    "django.core.mail.backends.dummy.EmailBackend": "thrown away",
    "django.core.mail.backends.locmem.EmailBackend": "kept in the worker's memory",
    "django.core.mail.backends.filebased.EmailBackend": "written into a directory",
}


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


@register(deploy=True)
def check_that_emails_arrive(**_: object) -> Sequence[CheckMessage]:
    """Warn if e-mails reach nobody, come from an address that nobody has, or go unencrypted."""
    warnings: list[CheckMessage] = []
    hint = "Set EMAIL_URL, for example to smtp+tls://user:password@mail.example.com:587."
    if what := GOES_NOWHERE.get(settings.EMAIL_BACKEND):
        warnings.append(
            Warning(f"E-mails are {what}: nobody receives them.", hint=hint, id="accounts.W002")
        )
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    if is_this_machine(host):
        warnings.append(
            Warning(
                f"EMAIL_FROM is {settings.DEFAULT_FROM_EMAIL}: mail servers refuse a sender at "
                f"{host}, or take the e-mail for spam.",
                hint="Set EMAIL_FROM to an address of your own domain: "
                "Our shop <orders@example.com>.",
                id="accounts.W003",
            )
        )
    has_tls = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if (
        settings.EMAIL_BACKEND == SMTP
        and not has_tls
        and not is_this_machine(settings.EMAIL_HOST or "localhost")
    ):
        warnings.append(
            Warning(
                "EMAIL_URL is without TLS: codes, links and the password of the mail server can "
                "be read on the way.",
                hint="Write smtp+tls:// (usually port 587) or smtp+ssl:// (465).",
                id="accounts.W004",
            )
        )
    return warnings


@register()
def check_navigation(**_: object) -> Sequence[CheckMessage]:
    """Refuse an item of the navigation or a panel that leads nowhere: every page would fail."""
    anybody = {"project_id": UUID(int=0)}
    complaints = [
        complaint
        for items in (NAVIGATION, CORNER)
        for name, item in items.items()
        for complaint in (
            *(_missing(each, anybody) for each in (name, *item.also, item.tells) if each),
            _unknown(item.operation),
        )
    ]
    complaints += [
        complaint
        for (page, own), panel in PANELS.items()
        for complaint in (_missing(page), _missing(own), _unknown(panel.operation))
    ]
    return [Error(each, id="accounts.E004") for each in complaints if each]


def _missing(name: str, arguments: Mapping[str, object] | None = None) -> str:
    """Say that no URL has this name, or does not take these arguments."""
    if arguments is None:
        known = name in {str(key) for key in get_resolver().reverse_dict}
    else:
        try:
            known = bool(reverse(name, kwargs=dict(arguments)))
        except NoReverseMatch:
            known = False
    return "" if known else f"The navigation or a panel names the URL {name!r}, which is not there."


def _unknown(operation: str | None) -> str:
    if operation is None or operation in OPERATIONS:
        return ""
    return f"The navigation or a panel names the operation {operation!r}, which does not exist."


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
