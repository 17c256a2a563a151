"""What can happen to conversations. `docs/events.md` lists the payload of each event."""

from collections.abc import Mapping

from django.db import models

from accounts.models import User
from notifications.models import Conversation, Message
from orders.stream.models import Event
from orders.stream.recording import event_about

# The kinds of subjects of these events.
MESSAGE = "message"
CONVERSATION = "conversation"


class EventType(models.TextChoices):
    """The types of events about messages and conversations."""

    MESSAGE_RECEIVED = "message_received"
    MESSAGE_STATUS_CHANGED = "message_status_changed"
    CONVERSATION_CHANGED = "conversation_changed"


def of_message(type_: EventType, message: Message, *, by: User | None = None) -> Event:
    """Return an unsaved event about a message as it is now. It never contains the text."""
    cares: dict[str, object] = {}
    if type_ == EventType.MESSAGE_RECEIVED:
        assignee = message.conversation.assignee
        cares = {"assignee_id": str(assignee.uuid) if assignee else None}
    event = event_about(
        type_,
        subject_kind=MESSAGE,
        subject_uuid=message.uuid,
        project_id=message.project_id,
        by=by,
        conversation_id=str(message.conversation.uuid),
        direction=str(message.direction),
        provider=message.channel,
        content_type=str(message.content_type),
        status=str(message.status),
        error=message.error,
        **cares,
    )
    event.order_id = message.order_id
    return event


def of_conversation(
    conversation: Conversation, changes: Mapping[str, object], *, by: User | None = None
) -> Event:
    """Return an unsaved event about a conversation; `changes` has the new values by name."""
    return event_about(
        EventType.CONVERSATION_CHANGED,
        subject_kind=CONVERSATION,
        subject_uuid=conversation.uuid,
        project_id=conversation.project_id,
        by=by,
        provider=conversation.channel,
        status=str(conversation.status),
        unread=conversation.unread,
        changes=dict(changes),
    )
