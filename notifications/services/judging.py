"""Keep how an inbound message sounds."""

from django.db import transaction

from notifications.events import of_conversation
from notifications.locks import lock_message_in_conversation
from notifications.models import Message
from notifications.models.messages import Direction, Sentiment, Urgency
from orders.stream.recording import record


@transaction.atomic
def note_mood(*, message: Message, sentiment: Sentiment, urgency: Urgency) -> bool:
    """Keep how a customer's message sounds, and return whether this was the first judgement.

    `message` is the message as it was judged. Each text is judged once: a later judgement changes
    nothing, nor does one of a text that the customer has edited meanwhile. Records
    `conversation_changed`, so that open inboxes show it. Raises `MessageNotFound`.
    """
    judged_text = message.content
    message = lock_message_in_conversation(message.pk)
    if message.sentiment or message.direction != Direction.INBOUND:
        return False
    if message.content != judged_text:
        return False
    message.sentiment, message.urgency = sentiment, urgency
    message.save(update_fields=["sentiment", "urgency"])
    judged = {
        "message_id": str(message.uuid),
        "sentiment": str(sentiment),
        "urgency": str(urgency),
    }
    record([of_conversation(message.conversation, {"judged": judged})])
    return True
