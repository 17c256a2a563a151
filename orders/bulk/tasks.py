"""The Celery tasks of changes of many orders. Each may run twice, late, or twice at the same time.

They are not in `orders.tasks`: whatever records an event imports that, and so does the work here.
"""

from celery import shared_task

from orderchainer.core.background import nudge
from orders.bulk import working

# A nudge of the sweep expires after this time: the next sweep nudges again what is still due.
SWEPT_NUDGE_SECONDS = 10


@shared_task(name="orders.work_on_bulk_change")
def work_on_bulk_change(change_id: int) -> None:
    """Work on a change of many orders for a while, then queue the rest."""
    again_after_seconds = working.work_on(change_id)
    if again_after_seconds is not None:
        nudge(work_on_bulk_change, change_id, countdown=again_after_seconds)


@shared_task(name="orders.sweep_bulk_changes")
def sweep_bulk_changes() -> None:
    """Queue the changes of many orders that a crash or a dead broker left."""
    for change_id in working.due_changes():
        nudge(work_on_bulk_change, change_id, expires_after=SWEPT_NUDGE_SECONDS)


@shared_task(name="orders.forget_bulk_changes")
def forget_bulk_changes() -> None:
    """Delete changes of many orders that ended long ago."""
    working.forget_changes()
