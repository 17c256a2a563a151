"""E-mails that bring a report to a recipient of its schedule, written when they are sent."""

from accounts.mail.composing import shown
from accounts.mail.letters import KINDS, LetterKind, Unwanted, Written
from accounts.models import Membership, OutgoingEmail
from reports.links import link_with, token_for
from reports.models import Report
from reports.work.sending import REPORT_READY


def write_report_ready(email: OutgoingEmail) -> Written:
    """Write the e-mail: the summary, and a link to the page. Raises `Unwanted`."""
    reports = Report.objects.filter(pk=email.data["report_id"], state=Report.State.READY)
    report = reports.select_related("project").first()
    if report is None:
        raise Unwanted("The report was deleted.")
    members = Membership.objects.filter(
        project=report.project,
        user=email.data["user_id"],
        project__is_active=True,
        user__is_active=True,
        user__email_verified_at__isnull=False,
    )
    member = members.select_related("user").first()
    if member is None:
        raise Unwanted("They have left the project, or their address is not confirmed.")
    user, period = member.user, report.period
    first, last = (f"{day.day} {day:%B %Y}" for day in (period.first, period.last))
    days = first if first == last else f"{first} to {last}"
    token = token_for(report, user)
    return Written(
        to=user.email,
        subject=f"{report.report_type.capitalize()} report, {days}",
        context={
            "name": shown(user.name),
            "project": shown(report.project.name),
            "report_type": report.report_type,
            "days": days,
            "timezone": report.timezone,
            "summary": report.summary,
            "link": link_with(token),
        },
        secrets=(token,),
    )


KINDS.add(REPORT_READY, LetterKind("A report", write_report_ready, is_repeatable=True))
