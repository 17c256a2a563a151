"""The Celery task of schedules. It stands alone: they ask for reports, which sends other tasks."""

from celery import shared_task

from reports.work import scheduling


@shared_task(name="reports.run_schedules")
def run_schedules() -> None:
    """Make the reports of schedules whose day, week or month has ended. May run twice at once.

    Reports that failed a while ago are built again.
    """
    try:
        scheduling.run_schedules()
    finally:
        scheduling.retry_failed()
