"""Fetch again the files of customers that could not be fetched. Only people decide that."""

from django.db import transaction

from accounts.models import User
from accounts.queries import require_operation
from notifications import tasks
from notifications.access import SEND_MESSAGES
from notifications.errors import CannotFetch
from notifications.events import of_conversation
from notifications.locks import lock_message_in_conversation
from notifications.models import Attachment, LinePause
from notifications.models.messages import FileState
from notifications.work.pausing import end_pause
from orderchainer.core.background import nudge_on_commit
from orderchainer.core.outbox import make_due
from orders.stream.recording import record

REFETCHED = frozenset({FileState.FAILED, FileState.PENDING})


@transaction.atomic
def fetch_again(*, attachment: Attachment, by: User) -> None:
    """Have a worker fetch a file at once that could not be fetched, or that waits for its next try.

    It gets all its attempts again. Records `conversation_changed`. Raises `CannotFetch` and
    `RoleNotEnough`.
    """
    require_operation(by, attachment.message.project, SEND_MESSAGES)
    message = lock_message_in_conversation(attachment.message_id)
    missing = Attachment.objects.filter(pk=attachment.pk, state__in=REFETCHED)
    if not make_due(missing):
        raise CannotFetch
    Attachment.objects.filter(pk=attachment.pk).update(cut_off=0, last_error="")
    end_pause(message.line, LinePause.Call.FETCH)
    told = {"attachment": {"id": str(attachment.uuid), "status": str(FileState.PENDING)}}
    record([of_conversation(message.conversation, told, by=by)])
    nudge_on_commit(tasks.fetch_attachment, attachment.pk)
