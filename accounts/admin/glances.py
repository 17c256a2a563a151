"""What the first page tells of e-mails: those that could not be sent."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import OutgoingEmail
from orderchainer.core.admin.glances import GLANCES, MAX_ROWS, Glance, newest_failures
from orderchainer.core.admin.panels import Panel, panel_of
from orderchainer.core.admin.readers_zone import moment


def failed_emails(request: HttpRequest) -> Panel | None:
    """List the e-mails of the last days that could not be sent. Without any, show nothing."""
    if not admin.site.get_model_admin(OutgoingEmail).has_view_permission(request):
        return None
    rows = list(newest_failures(OutgoingEmail.objects.all(), state="failed"))
    if not rows:
        return None
    return panel_of(
        "E-mails that could not be sent",
        ("kind", "to", "since", "last error"),
        ((row.kind, row.recipient, moment(row.created_at), row.last_error or "-") for row in rows),
        most=MAX_ROWS,
        url=reverse("admin:accounts_outgoingemail_changelist"),
    )


GLANCES.add("failed e-mails", Glance(6, failed_emails))
