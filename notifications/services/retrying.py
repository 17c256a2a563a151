"""Send again what did not arrive. Only people decide that."""

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from accounts.queries import require_operation
from notifications.access import SEND_MESSAGES
from notifications.channels import CHANNELS, lines_of
from notifications.errors import CannotRetry, LineUnusable
from notifications.locks import lock_message_in_conversation
from notifications.models import LinePause, Message, MessageSend
from notifications.models.messages import ContentType, Direction, MessageStatus, SendState
from notifications.services.sending import queue_sends, require_open
from notifications.work.pausing import end_pause
from notifications.work.statuses import decisive_parts, refresh_status, sends_of

RETRIED = frozenset({MessageStatus.FAILED, MessageStatus.UNCERTAIN})


@transaction.atomic
def retry_message(*, message: Message, by: User) -> Message:
    """Queue the unsent parts of a message that failed or is uncertain, and return the message.

    If the line rests, the next message tries at once whether the provider answers again. Each retry
    is a new call, for which the provider gives a new id. The rows with the earlier ids stay, so a
    late report about an earlier call still finds its message. Records `message_status_changed`.
    Raises `CannotRetry`, `RoleNotEnough`, and the refusals `LineUnusable`, `WindowClosed` and
    `ContactUnreachable`.
    """
    require_operation(by, message.project, SEND_MESSAGES)
    message = lock_message_in_conversation(message.pk)
    if message.direction != Direction.OUTBOUND or message.status not in RETRIED:
        raise CannotRetry("Only a message that failed or is uncertain can be sent again.")
    lines = {line.uuid: line for line in lines_of(message.project)}
    line = lines.get(message.line)
    if line is None or message.channel not in CHANNELS:
        raise LineUnusable("The line of the message is disconnected.")
    if line.trouble:
        raise LineUnusable(f"{line.name} cannot be used: {line.trouble}")
    require_open(CHANNELS[message.channel], message.address, ContentType(message.content_type), by)
    _queue_again(message)
    end_pause(message.line, LinePause.Call.SEND)
    refresh_status(message, by=by)
    return message


def _queue_again(message: Message) -> None:
    sends = sends_of(message)
    last_round = sends.aggregate(last=Max("round"))["last"] or 0
    unsent = [part for part in decisive_parts(sends) if part.state != SendState.SENT]
    queue_sends(
        [
            MessageSend(
                message=message,
                conversation_id=message.conversation_id,
                part=part.part,
                round=last_round + 1,
                text=part.text,
            )
            for part in unsent
        ]
    )
