"""Tell the recipients of a schedule that a report of it has come to its end."""

from accounts.models import Membership
from accounts.services.emails import queue_email
from reports.models import Report, ReportSchedule, ScheduledReport

# The kind of the e-mails.
REPORT_READY = "report_ready"


def queue_emails(report: Report) -> None:
    """Queue the e-mails with a report, in the transaction that makes it ready.

    So each recipient gets one, whatever dies when. If the report has failed, its schedule says why.
    """
    scheduled = ScheduledReport.objects.filter(report=report).select_related("schedule").first()
    if scheduled is None:
        return
    schedule = scheduled.schedule
    if report.state == Report.State.READY and scheduled.retries:
        # The schedule said that this report had failed.
        ReportSchedule.objects.filter(pk=schedule.pk).update(last_error="")
    if report.state == Report.State.FAILED:
        reason = f"The report from {scheduled.first_day} failed: {report.last_error}"
        ReportSchedule.objects.filter(pk=schedule.pk).update(last_error=reason[:500])
        return
    if not schedule.by_email:
        return
    readers: list[Membership] = list(
        schedule.recipients.filter(
            user__is_active=True, user__email_verified_at__isnull=False
        ).select_related("user")
    )
    for reader in readers:
        queue_email(
            kind=REPORT_READY,
            recipient=reader.user.email,
            data={"report_id": report.pk, "user_id": reader.user_id},
        )
