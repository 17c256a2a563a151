"""The Celery tasks of integrations. Each may run twice, late, or twice at the same time."""

from collections.abc import Iterable

from celery import shared_task

from integrations.assistant.tasks import forget_assistant_texts, release_assistant_calls
from integrations.inbound.tasks import forget_deliveries, sweep_deliveries, work_on_delivery
from integrations.providers import providers
from integrations.work import errands, runs, schedule
from orderchainer.core.background import nudge

__all__ = [
    "flush_finished",
    "forget_assistant_texts",
    "forget_deliveries",
    "nudge_all",
    "release_assistant_calls",
    "run_errand",
    "schedule_syncs",
    "sweep",
    "sweep_deliveries",
    "sync",
    "work_on_delivery",
]

# A nudge of the sweep expires after this time: the next sweep nudges again what is still due.
SWEPT_NUDGE_SECONDS = 10


@shared_task(name="integrations.run_errand")
def run_errand(errand_id: int) -> None:
    """Try one errand, then queue what follows it."""
    followed = errands.run_errand(errand_id)
    if followed is None:
        return
    if followed.again_after_seconds is not None:
        nudge(run_errand, errand_id, countdown=followed.again_after_seconds)
    nudge_all(followed.errands, followed.runs)


@shared_task(name="integrations.sync")
def sync(run_id: int) -> None:
    """Work on one run for a slice of time, then queue its next slice."""
    worked = runs.work_on_run(run_id)
    if worked is not None and worked.again_after_seconds is not None:
        nudge(sync, run_id, countdown=worked.again_after_seconds)


@shared_task(name="integrations.schedule_syncs")
def schedule_syncs() -> None:
    """Queue the syncs whose time has come."""
    scheduled = schedule.schedule_syncs()
    nudge_all(scheduled.errands, scheduled.runs)


@shared_task(name="integrations.sweep")
def sweep() -> None:
    """Queue due errands and runs that a crash, a dead broker or a long pause left."""
    schedule.forget_old_secrets()
    nudge_all(errands.due_errands(), runs.due_runs(), expires_after=SWEPT_NUDGE_SECONDS)


@shared_task(name="integrations.flush_finished")
def flush_finished() -> None:
    """Delete old runs and errands, what providers' packages need no more, and disconnect the
    integrations of deleted projects. Runs daily.

    Repeating it is harmless.
    """
    schedule.forget_finished()
    for provider in providers():
        provider.forget()
    nudge_all(schedule.end_closed(), [])


def nudge_all(
    errand_ids: Iterable[int], run_ids: Iterable[int], *, expires_after: float | None = None
) -> None:
    """Queue these errands and runs now."""
    for errand_id in errand_ids:
        nudge(run_errand, errand_id, expires_after=expires_after)
    for run_id in run_ids:
        nudge(sync, run_id, expires_after=expires_after)
