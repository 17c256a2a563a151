"""The Celery tasks of notifications. Each may run twice, late, or twice at the same time."""

from celery import shared_task


@shared_task(name="notifications.fetch_attachment")
def fetch_attachment(attachment_id: int) -> None:
    """Try to fetch a file of a customer's message."""
