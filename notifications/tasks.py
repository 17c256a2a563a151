"""The Celery tasks of notifications. Each may run twice, late, or twice at the same time."""

from celery import shared_task

from notifications.services import digests
from notifications.services.releasing import release_assigned_conversations
from notifications.work import (
    fetching,
    outcomes,
    pausing,
    reading,
    reports,
    sending,
    suggestions,
    waking,
)
from orderchainer.core.background import nudge

# By then the next sweep has nudged whatever is still due.
SWEPT_NUDGE_SECONDS = 5


@shared_task(name="notifications.send_part")
def send_part(part_id: int) -> None:
    """Send one part of a message, then wake what waited for it."""
    followed = sending.send_part(part_id)
    if followed is None:
        return
    if followed.again_after_seconds is not None:
        nudge(send_part, part_id, countdown=followed.again_after_seconds)
    if followed.next_id is not None:
        nudge(send_part, followed.next_id)


@shared_task(name="notifications.sweep_messages")
def sweep_messages() -> None:
    """Settle what a dead worker left, and queue the parts and files that are due."""
    part_ids = sending.sweep_parts()
    reports.sweep_parked()
    for part_id in part_ids:
        nudge(send_part, part_id, expires_after=SWEPT_NUDGE_SECONDS)
    for attachment_id in fetching.due_files():
        nudge(fetch_attachment, attachment_id, expires_after=SWEPT_NUDGE_SECONDS)


@shared_task(name="notifications.wake_snoozed")
def wake_snoozed() -> None:
    """Open the conversations that were snoozed until now."""
    waking.wake_snoozed()


@shared_task(name="notifications.release_conversations")
def release_conversations(project_id: int | None = None) -> None:
    """Assign to nobody what was assigned to people who left a project, or any project."""
    release_assigned_conversations(project_id=project_id)


@shared_task(name="notifications.tell_read")
def tell_read(message_id: int) -> None:
    """Tell a provider that we have read a message."""
    reading.tell_read(message_id)


@shared_task(name="notifications.forget_reports")
def forget_reports() -> None:
    """Delete old reports whose message nobody knows, and suggestions that nobody used.

    It also deletes old pauses of lines, and settles what waits to be told for ever. Runs daily;
    repeating it is harmless.
    """
    outcomes.settle_forgotten()
    reports.forget_parked()
    suggestions.forget_suggestions()
    pausing.forget_pauses()


@shared_task(name="notifications.forget_digests")
def forget_digests() -> None:
    """Delete old digests of news for members. Runs daily; repeating it is harmless."""
    digests.forget_digests()


@shared_task(name="notifications.fetch_attachment")
def fetch_attachment(attachment_id: int) -> None:
    """Try to fetch a file of a customer's message."""
    again_after_seconds = fetching.fetch_file(attachment_id)
    if again_after_seconds is not None:
        nudge(fetch_attachment, attachment_id, countdown=again_after_seconds)


@shared_task(name="notifications.sweep_files")
def sweep_files() -> None:
    """Delete stored files that no row names. Runs daily; repeating it is harmless."""
    fetching.sweep_files()
