"""Open snoozed conversations when their time has come."""

from django.db import transaction
from django.utils import timezone

from notifications.events import of_conversation
from notifications.models import Conversation
from orders.stream.recording import record

MAX_WOKEN = 500

Status = Conversation.Status


def wake_snoozed() -> int:
    """Open the conversations that were snoozed until now; return how many.

    Records `conversation_changed` for each.
    """
    due = Conversation.objects.filter(status=Status.SNOOZED, snoozed_until__lte=timezone.now())
    return sum(map(_wake, list(due.order_by("pk").values_list("pk", flat=True)[:MAX_WOKEN])))


@transaction.atomic
def _wake(conversation_id: int) -> bool:
    rows = Conversation.objects.select_for_update(no_key=True).filter(
        pk=conversation_id, status=Status.SNOOZED, snoozed_until__lte=timezone.now()
    )
    conversation = rows.first()
    if conversation is None:
        # Somebody changed it just now.
        return False
    conversation.status, conversation.snoozed_until = Status.OPEN, None
    conversation.updated_at = timezone.now()
    conversation.version += 1
    conversation.save(update_fields=["status", "snoozed_until", "updated_at", "version"])
    record([of_conversation(conversation, {"status": str(Status.OPEN)})])
    return True
