"""The Celery tasks of reports. Each may run twice, late, or twice at the same time."""

from celery import shared_task

from orderchainer.core.background import nudge
from reports.usage.forgetting import forget_old_counts
from reports.work import building

# A nudge of the sweep expires after this time: the next sweep nudges again what is still due.
SWEPT_NUDGE_SECONDS = 10


@shared_task(name="reports.build_report")
def build_report(report_id: int) -> None:
    """Build one report, or queue another try."""
    again_after_seconds = building.build_report(report_id)
    if again_after_seconds is not None:
        nudge(build_report, report_id, countdown=again_after_seconds)


@shared_task(name="reports.sweep")
def sweep() -> None:
    """Queue the reports that a crash or a dead broker left."""
    for report_id in building.due_reports():
        nudge(build_report, report_id, expires_after=SWEPT_NUDGE_SECONDS)


@shared_task(name="reports.forget_usage")
def forget_usage() -> None:
    """Delete old counts of calls. Runs daily; repeating it is harmless."""
    forget_old_counts()
