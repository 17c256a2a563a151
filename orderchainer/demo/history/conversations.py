"""What the customers of the year asked, and the answers."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from django.utils import timezone

from accounts.models import Project, User
from integrations.assistant.models import AssistantCall
from notifications.models import Contact, ContactAddress, Conversation, Message
from notifications.models.messages import ContentType, Direction, MessageStatus
from orders.models import Order

CHUNK = 1000
# What the model of the suggestions costs for a million tokens.
MODEL = "gemini-3.8-flash"
DOLLARS_READ, DOLLARS_WRITTEN = Decimal("0.75"), Decimal("3.75")
QUESTIONS = (
    "Hello, when will my order arrive?",
    "Can I still change the address?",
    "Is the oak oiled or lacquered?",
    "One of the legs has a scratch. What can we do?",
    "Do you deliver to the third floor?",
)
ANSWERS = (
    "Hello! It leaves our workshop tomorrow and is with you in two or three days.",
    "Of course. I have changed it for you.",
    "It is oiled. You can refresh it with any hardwax oil.",
    "I am sorry. We send you a new one today, and you need not send the old one back.",
    "Yes, the carrier brings it up to your door.",
)


def write_conversations(
    project: Project, merchant: User, orders: Sequence[Order], chance: random.Random
) -> None:
    """Let about one customer in six ask something. Nobody was connected when they did."""
    wanting = [
        (order, order.ordered_at + timedelta(hours=chance.uniform(1, 60)))
        for order in orders
        if chance.random() < 0.16
    ]
    asking = [order for order, moment in wanting if moment <= timezone.now()]
    asked_at = [moment for _, moment in wanting if moment <= timezone.now()]
    line = uuid5(NAMESPACE_URL, f"{project.uuid}/whatsapp")
    contacts = Contact.objects.bulk_create(
        [
            Contact(project=project, name=order.customer_name, created_at=order.ordered_at)
            for order in asking
        ]
    )
    addresses = ContactAddress.objects.bulk_create(
        [
            ContactAddress(
                contact=contact, channel="whatsapp", line=line, provider_id=f"demo.{number}"
            )
            for number, contact in enumerate(contacts)
        ]
    )
    conversations = Conversation.objects.bulk_create(
        [
            Conversation(
                project=project,
                contact=contact,
                address=address,
                channel="whatsapp",
                line=line,
                last_activity_at=moment,
                created_at=moment,
            )
            for contact, address, moment in zip(contacts, addresses, asked_at, strict=True)
        ]
    )
    messages = Message.objects.bulk_create(
        [
            message
            for order, conversation, moment in zip(asking, conversations, asked_at, strict=True)
            for message in _talk(order, conversation, moment, merchant, chance)
        ],
        batch_size=CHUNK,
    )
    _settle(conversations, messages)
    AssistantCall.objects.bulk_create(
        [_suggestion_of(message, chance) for message in messages if message.ai_generated]
    )


def _settle(conversations: Sequence[Conversation], messages: Sequence[Message]) -> None:
    """Close the conversations with an answer; in the others somebody waits."""
    unanswered = {
        message.conversation_id: message
        for message in messages
        if message.direction == Direction.INBOUND and not message.is_read
    }
    for conversation in conversations:
        if message := unanswered.get(conversation.pk):
            conversation.unread, conversation.waiting_since = 1, message.created_at
        else:
            conversation.status = Conversation.Status.CLOSED
    fields = ["unread", "waiting_since", "status"]
    Conversation.objects.bulk_update(conversations, fields, batch_size=CHUNK)


def _suggestion_of(message: Message, chance: random.Random) -> AssistantCall:
    """Return the receipt of the model's suggestion for an answer."""
    prompt, answer = chance.randrange(600, 2400), chance.randrange(40, 160)
    cost = (prompt * DOLLARS_READ + answer * DOLLARS_WRITTEN) / 1_000_000
    took = timedelta(milliseconds=chance.randrange(700, 3200))
    return AssistantCall(
        project=message.project,
        user=message.author,
        kind=AssistantCall.Kind.REPLY,
        outcome=AssistantCall.Outcome.ANSWERED,
        provider="gemini",
        model_asked=MODEL,
        model=MODEL,
        rounds=1,
        prompt_tokens=prompt,
        answer_tokens=answer,
        total_tokens=prompt + answer,
        cost=cost,
        known_cost=cost,
        created_at=message.created_at - took,
        finished_at=message.created_at,
        duration_ms=took // timedelta(milliseconds=1),
    )


def _talk(
    order: Order,
    conversation: Conversation,
    asked_at: datetime,
    merchant: User,
    chance: random.Random,
) -> Iterator[Message]:
    """Yield a question, and usually the answer."""
    topic = chance.randrange(len(QUESTIONS))
    answered_at = asked_at + timedelta(minutes=chance.lognormvariate(3.6, 1.1))
    is_answered = chance.random() < 0.94 and answered_at <= timezone.now()

    def message(direction: Direction, content: str, at: datetime, **fields: object) -> Message:
        return Message(
            project=order.project,
            conversation=conversation,
            address=conversation.address,
            direction=direction,
            channel="whatsapp",
            line=conversation.line,
            content_type=ContentType.TEXT,
            content=content,
            order=order,
            written_at=at,
            created_at=at,
            **fields,
        )

    yield message(
        Direction.INBOUND,
        QUESTIONS[topic],
        asked_at,
        status=MessageStatus.RECEIVED,
        is_read=is_answered,
        read_at=answered_at if is_answered else None,
    )
    if is_answered:
        yield message(
            Direction.OUTBOUND,
            ANSWERS[topic],
            answered_at,
            status=chance.choice((MessageStatus.DELIVERED, MessageStatus.READ)),
            author=merchant,
            ai_generated=chance.random() < 0.3,
        )
