"""Tasks of the project itself."""

from celery import shared_task

from orderchainer.operations import heartbeat


@shared_task(name="orderchainer.heartbeat")
def beat_once() -> None:
    """Show that this worker consumes what beat asks for."""
    heartbeat.beat_once()
