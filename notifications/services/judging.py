"""Keep how an inbound message sounds."""

from django.db import transaction

from notifications.models import Message
from notifications.models.messages import Direction, Sentiment, Urgency


@transaction.atomic
def note_mood(*, message: Message, sentiment: Sentiment, urgency: Urgency) -> bool:
    """Keep how a customer's message sounds, and return whether this was the first judgement.

    A message is judged once; a later judgement changes nothing.
    """
    unjudged = Message.objects.filter(pk=message.pk, direction=Direction.INBOUND, sentiment="")
    return bool(unjudged.update(sentiment=sentiment, urgency=urgency))
