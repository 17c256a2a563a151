"""Ask for a report. A worker builds it."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from accounts.locks import lock_project
from accounts.models import Project, User
from accounts.queries import require_operation
from orderchainer.core.background import nudge_on_commit
from orderchainer.core.outbox import PENDING
from reports.access import MANAGE_REPORTS
from reports.errors import TooManyGenerating, TooManyReports
from reports.filters import checked
from reports.models import Report
from reports.periods import Bound, period_between
from reports.tasks import build_report

# How many reports of a project workers may have to build at a time.
MAX_GENERATING = 5
MAX_KEPT = 2000


def has_room(project: Project) -> bool:
    """Tell whether workers may build one more report of the project at the moment.

    The caller holds the project's lock, so that others at the same moment count after it.
    """
    return project.reports.filter(state=PENDING).count() < MAX_GENERATING


@transaction.atomic
def request_report(
    *,
    project: Project,
    by: User | None,
    report_type: str,
    start: Bound,
    end: Bound,
    filters: Mapping[str, str | Sequence[str]],
) -> Report:
    """Return a new report, which a worker builds after the commit.

    `by` is the person who asks, None for the system. Raises `Invalid` for a wrong period or wrong
    filters, `TooManyGenerating`, `TooManyReports`, and `RoleNotEnough` if `by` may not do it.
    """
    # Requests at the same moment count one after the other.
    project = lock_project(project)
    if by is not None:
        require_operation(by, project, MANAGE_REPORTS)
    period = period_between(start, end, project.zone)
    if not has_room(project):
        raise TooManyGenerating(MAX_GENERATING)
    if project.reports.count() >= MAX_KEPT:
        raise TooManyReports(MAX_KEPT)
    report = Report.objects.create(
        project=project,
        report_type=report_type,
        start_at=period.start,
        end_at=period.end,
        timezone=project.timezone,
        filters=checked(report_type, filters),
        requested_by=by,
    )
    nudge_on_commit(build_report, report.pk)
    return report
