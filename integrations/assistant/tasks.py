"""The Celery tasks of the assistant. Each may run twice, late, or twice at the same time."""

from celery import shared_task

from integrations.assistant import receipts


@shared_task(name="integrations.release_assistant_calls")
def release_assistant_calls() -> None:
    """End the calls whose process died, so that they hold nothing of a budget."""
    receipts.release_lost()


@shared_task(name="integrations.forget_assistant_texts")
def forget_assistant_texts() -> None:
    """Delete texts that were kept long enough. Runs daily; repeating it is harmless."""
    while receipts.forget_texts():
        pass
