"""The Celery tasks of inbound deliveries. Each may run twice, late, or twice at the same time."""

from celery import shared_task

from integrations.inbound import forgetting, working
from orderchainer.core.background import nudge

# A nudge of the sweep expires after this time: the next sweep nudges again what is still due.
SWEPT_NUDGE_SECONDS = 5


@shared_task(name="integrations.work_on_delivery")
def work_on_delivery(delivery_id: int) -> None:
    """Work on one delivery, and schedule the next attempt if it comes soon."""
    delay_seconds = working.work_on(delivery_id)
    if delay_seconds is not None:
        nudge(work_on_delivery, delivery_id, countdown=delay_seconds)


@shared_task(name="integrations.sweep_deliveries")
def sweep_deliveries() -> None:
    """Nudge due deliveries that a crash, a broken broker or a long pause left behind."""
    for delivery_id in working.due_deliveries():
        nudge(work_on_delivery, delivery_id, expires_after=SWEPT_NUDGE_SECONDS)


@shared_task(name="integrations.forget_deliveries")
def forget_deliveries() -> None:
    """Delete old deliveries, and erase late bodies. Runs daily; repeating it is harmless."""
    forgetting.forget_old_deliveries()
    forgetting.erase_late_bodies()
