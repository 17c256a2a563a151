"""Tasks that belong to no app."""

from celery import shared_task

from orderchainer.operations import heartbeat


@shared_task(name="orderchainer.heartbeat")
def beat_once() -> None:
    """Record that this worker runs what beat sends."""
    heartbeat.beat_once()
