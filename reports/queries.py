"""What the app can tell of a project's reports."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Project
from orderchainer.core.ids import uuid_in
from reports.errors import ReportNotFound, ReportNotReady, ScheduleNotFound
from reports.models import Report, ReportSchedule, ScheduledReport


def reports_of(project: Project) -> QuerySet[Report]:
    """Return a project's reports with the people who asked for them, newest first.

    Their payloads are not read.
    """
    return (
        Report.objects.filter(project=project)
        .select_related("requested_by")
        .annotate(is_scheduled=Exists(ScheduledReport.objects.filter(report=OuterRef("pk"))))
        .defer("payload")
        .order_by("-pk")
    )


def reports_by_id(project: Project, ids: Collection[UUID]) -> QuerySet[Report]:
    """Return those of these reports that are the project's, as `reports_of` does."""
    return reports_of(project).filter(uuid__in=ids)


def report_for(project: Project, report_id: UUID | str) -> Report:
    """Return a report of the project. Raises `ReportNotFound`."""
    uuid = uuid_in(report_id)
    rows = Report.objects.filter(project=project).select_related("requested_by")
    found = rows.filter(uuid=uuid).first() if uuid else None
    if found is None:
        raise ReportNotFound
    found.project = project
    return found


def ready_report_for(project: Project, report_id: UUID | str) -> Report:
    """Return a report of the project that has its figures.

    Raises `ReportNotFound`, and `ReportNotReady` if it is being generated or has failed.
    """
    report = report_for(project, report_id)
    if report.state != Report.State.READY:
        raise ReportNotReady(report.word)
    return report


def schedules_of(project: Project) -> QuerySet[ReportSchedule]:
    """Return a project's schedules with their recipients, the oldest first, in two statements."""
    rows = ReportSchedule.objects.filter(project=project).select_related("created_by", "project")
    return rows.prefetch_related("recipients__user").order_by("pk")


def schedule_for(project: Project, schedule_id: UUID | str) -> ReportSchedule:
    """Return a schedule of the project. Raises `ScheduleNotFound`."""
    uuid = uuid_in(schedule_id)
    found = schedules_of(project).filter(uuid=uuid).first() if uuid else None
    if found is None:
        raise ScheduleNotFound
    return found
