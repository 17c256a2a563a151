"""Links to the page of a report, for members who get it by e-mail.

A link names one report and one member, and stops working after `LIFETIME`, or when that member may
not view the project's reports any more.
"""

from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner

from accounts.errors import ProjectNotFound, RoleNotEnough
from accounts.models import User
from accounts.queries import project_for
from reports.access import VIEW_REPORTS
from reports.errors import LinkInvalid
from reports.models import Report

LIFETIME = timedelta(days=30)
PATH = "/report-pages/"
_SALT = "reports.links"


def token_for(report: Report, user: User) -> str:
    """Return the secret part of the link by which `user` reads `report`."""
    return TimestampSigner(salt=_SALT).sign(f"{report.uuid}.{user.uuid}")


def link_with(token: str) -> str:
    """Return the link that has this token."""
    return f"{settings.PUBLIC_URL}{PATH}{token}"


def report_in(token: str) -> Report:
    """Return the report that a link leads to. Raises `LinkInvalid`."""
    try:
        text = TimestampSigner(salt=_SALT).unsign(token, max_age=LIFETIME)
    except BadSignature as exc:
        raise LinkInvalid from exc
    report_id, _, user_id = text.partition(".")
    rows = Report.objects.filter(uuid=report_id, state=Report.State.READY)
    report = rows.select_related("project").first()
    user = User.objects.filter(uuid=user_id, is_active=True).first()
    if report is None or user is None:
        raise LinkInvalid
    try:
        project_for(user, report.project.uuid, VIEW_REPORTS)
    except (ProjectNotFound, RoleNotEnough) as exc:
        raise LinkInvalid from exc
    return report
