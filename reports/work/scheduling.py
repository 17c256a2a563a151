"""Make the reports of schedules whose period has ended: each period once, whoever does it.

A report that failed is built again after a while, a few times.

The lock on the project makes two workers take turns, and the second one finds the period done. The
row of the period, the report and the step to the next period are one transaction.
"""

from collections.abc import Iterator
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.locks import lock_project
from accounts.models import Project
from orderchainer.core import outbox
from orderchainer.core.background import nudge_on_commit
from orderchainer.core.days import start_of, today_in
from orderchainer.core.errors import DomainError
from orderchainer.core.outbox import FAILED
from reports.models import Report, ReportSchedule, ScheduledReport
from reports.services.requesting import has_room, request_report
from reports.tasks import build_report
from reports.turns import ONE_DAY, periods_before

logger = structlog.get_logger(__name__)

# After a downtime, the newest periods get their report, at most this many. Older ones get none.
MAX_MISSED = 7
# A report that failed is built again after this time, at most so often.
RETRY_AFTER = timedelta(hours=1)
MAX_RETRIES = 3
# No zone is further from UTC.
_FURTHEST = timedelta(hours=14)


def run_schedules() -> int:
    """Make every report that is due, and return how many reports that were."""
    return sum(_catch_up(schedule_id) for schedule_id in due_schedules())


def retry_failed() -> int:
    """Have the reports of schedules that failed built again, and return how many that were."""
    return sum(_retry(made_id) for made_id in _to_retry().values_list("pk", flat=True))


def _to_retry() -> QuerySet[ScheduledReport]:
    return ScheduledReport.objects.filter(
        report__state=FAILED,
        report__finished_at__lte=timezone.now() - RETRY_AFTER,
        retries__lt=MAX_RETRIES,
        schedule__is_active=True,
        schedule__project__is_active=True,
    ).order_by("pk")


@transaction.atomic
def _retry(made_id: int) -> bool:
    """Have one report built again, unless somebody else did or the project is busy."""
    project = Project.objects.filter(report_schedules__made=made_id).first()
    if project is None or not has_room(lock_project(project)):
        return False
    made = _to_retry().filter(pk=made_id).select_related("report").first()
    if made is None or made.report is None:
        return False
    outbox.make_due(Report.objects.filter(pk=made.report.pk))
    ScheduledReport.objects.filter(pk=made.pk).update(retries=F("retries") + 1)
    nudge_on_commit(build_report, made.report.pk)
    logger.info("scheduled_report_retried", schedule=made.schedule_id, report=made.report.pk)
    return True


def due_schedules() -> list[int]:
    """Return the ids of schedules whose next period has ended, the longest waiting first."""
    return [schedule.pk for schedule in _candidates() if schedule.due_at <= timezone.now()]


def _candidates() -> Iterator[ReportSchedule]:
    """Yield the schedules whose period has ended somewhere in the world."""
    today = (timezone.now() + _FURTHEST).date()
    return (
        ReportSchedule.objects.filter(is_active=True, project__is_active=True, next_last__lt=today)
        .select_related("project")
        .order_by("next_last", "pk")
        .iterator()
    )


def _catch_up(schedule_id: int) -> int:
    """Make the reports of one schedule, each in its own transaction; return how many."""
    made = 0
    while make_next(schedule_id):
        made += 1
    return made


@transaction.atomic
def make_next(schedule_id: int) -> bool:
    """Ask for the report of the next period, if that has ended. Tell whether it was.

    If the project may have no more reports for now, the schedule keeps the reason and stays due.
    """
    project = Project.objects.filter(report_schedules=schedule_id, is_active=True).first()
    if project is None:
        return False
    project = lock_project(project)
    schedule = ReportSchedule.objects.filter(pk=schedule_id, is_active=True).first()
    if schedule is None:
        return False
    schedule.project = project
    if schedule.due_at > timezone.now():
        return False
    _skip_too_old(schedule)
    try:
        with transaction.atomic():
            report = _asked(schedule)
    except DomainError as refusal:
        logger.warning("schedule_refused", schedule=schedule.pk, code=refusal.code)
        ReportSchedule.objects.filter(pk=schedule.pk).update(last_error=refusal.message[:500])
        return False
    if report is not None:
        ScheduledReport.objects.create(
            schedule=schedule, first_day=schedule.next_first, report=report
        )
    schedule.begin(schedule.next_last + ONE_DAY)
    schedule.last_error = ""
    schedule.save(update_fields=["next_first", "next_last", "last_error"])
    return True


def _asked(schedule: ReportSchedule) -> Report | None:
    """Return a new report of the period; None if the zone skipped all its days."""
    zone = schedule.project.zone
    if start_of(schedule.next_first, zone) >= schedule.due_at:
        return None
    return request_report(
        project=schedule.project,
        by=None,
        report_type=schedule.report_type,
        start=schedule.next_first,
        end=schedule.next_last,
        filters=schedule.filters,
    )


def _skip_too_old(schedule: ReportSchedule) -> None:
    today = today_in(schedule.project.zone)
    oldest = periods_before(schedule.frequency, today, MAX_MISSED)
    if schedule.next_first < oldest:
        logger.warning(
            "schedule_skipped",
            schedule=schedule.pk,
            first=str(schedule.next_first),
            until=str(oldest),
        )
        schedule.begin(oldest)
