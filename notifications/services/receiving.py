"""Store what people write to a project.

The functions here may be called late, out of order, or with the same message twenty times at once.
A message is stored only once.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from notifications import tasks
from notifications.channels import CHANNELS, Incoming, IncomingFile, Line, Person
from notifications.events import EventType, of_conversation, of_message
from notifications.locks import lock_message_in_conversation
from notifications.models import (
    Attachment,
    ContactAddress,
    Conversation,
    Message,
    MessageSend,
    MessageVersion,
    Reaction,
)
from notifications.models.contacts import MAX_PROVIDER_ID_LENGTH
from notifications.models.messages import HAS_PROVIDER_ID, Direction, MessageStatus
from notifications.services.contacts import address_of, hold_address
from notifications.services.linking import order_meant_by
from notifications.services.stopping import follow_word
from orderchainer.core.background import nudge_on_commit
from orders.locks import keep_order
from orders.stream.recording import record

# We cut a longer text. No channel lets people write as much.
MAX_CONTENT_LENGTH = 20_000
MAX_FILES = 20
MAX_EMOJI_LENGTH = 64


@transaction.atomic
def receive_message(*, line: Line, incoming: Incoming) -> Message | None:
    """Store a person's message in the conversation with them; None if we have it already.

    The conversation opens again if it was closed or snoozed. Records `message_received`, and
    `conversation_changed` if it opened, or if the contact asks for no more messages from rules. A
    message of a blocked contact opens and records nothing.
    Raises ValueError for a message without an id.
    """
    provider_id = _key(incoming.provider_id)
    if _of_line(line, provider_id).exists():
        # Before the message can say anything about the person: they may be somebody else by now.
        return None
    # This locks the contact, so a person's messages are stored one after the other.
    address = hold_address(line, incoming.person, wrote_at=incoming.written_at)
    # Once more, because another worker may have stored it while we waited.
    if _of_line(line, provider_id).exists():
        return None
    conversation = hold_conversation(line, address)
    reply_to = _answered(line, conversation, incoming.reply_to)
    content = incoming.content[:MAX_CONTENT_LENGTH]
    order = order_meant_by(address=address, content=content, reply_to=reply_to)
    if order is not None and not keep_order(order.pk):
        # Somebody deleted it just now.
        order = None
    now = timezone.now()
    is_seen = address.contact.is_blocked
    message = Message.objects.create(
        project_id=line.project_id,
        conversation=conversation,
        address=address,
        direction=Direction.INBOUND,
        channel=line.channel,
        line=line.uuid,
        content_type=incoming.content_type,
        content=content,
        details=dict(incoming.details),
        order=order,
        reply_to=reply_to,
        status=MessageStatus.RECEIVED,
        provider_id=provider_id,
        # A provider's clock may be ahead of ours, but nobody writes in the future.
        written_at=min(incoming.written_at, now),
        created_at=now,
        is_read=is_seen,
        read_at=now if is_seen else None,
    )
    _keep_files(message, incoming.files)
    is_opened = _note_arrival(conversation, address, message)
    stopped = follow_word(message, address.contact, conversation)
    if address.contact.is_blocked:
        return message
    events = [of_message(EventType.MESSAGE_RECEIVED, message)]
    if is_opened:
        events.append(of_conversation(conversation, {"status": str(conversation.status)}))
    if stopped is not None:
        events.append(stopped)
    record(events)
    return message


@transaction.atomic
def receive_edit(
    *, line: Line, provider_id: str, content: str, edited_at: datetime
) -> Message | None:
    """Store what a person changed a message to; keep what it said. None if we lack the message.

    An edit that is not newer than the last one changes nothing. Records `conversation_changed`.
    """
    message = _locked_inbound(line, provider_id)
    if message is None:
        return None
    if message.edited_at is not None and edited_at <= message.edited_at:
        return message
    content = content[:MAX_CONTENT_LENGTH]
    if content != message.content:
        MessageVersion.objects.create(
            message=message, content=message.content, replaced_at=edited_at
        )
        # The judgement was about what it said before.
        message.sentiment = message.urgency = ""
    message.content = content
    message.edited_at = edited_at
    message.save(update_fields=["content", "edited_at", "sentiment", "urgency"])
    record([of_conversation(message.conversation, {"edited": str(message.uuid)})])
    return message


@transaction.atomic
def receive_deletion(*, line: Line, provider_id: str, deleted_at: datetime) -> Message | None:
    """Mark a message that its writer deleted; keep what it said. None if we lack the message.

    Records `conversation_changed`. Repeating it changes nothing.
    """
    message = _locked_inbound(line, provider_id)
    if message is None or message.deleted_at is not None:
        return message
    message.deleted_at = deleted_at
    message.save(update_fields=["deleted_at"])
    record([of_conversation(message.conversation, {"deleted": str(message.uuid)})])
    return message


@transaction.atomic
def receive_reaction(
    *, line: Line, provider_id: str, person: Person, emoji: str, set_at: datetime
) -> None:
    """Set or replace the emoji of a person at a message; an empty one removes it.

    Nothing changes if the reaction is older than the last one, or if we lack the message. Records
    `conversation_changed` if the emoji is another one.
    """
    address = address_of(line, person)
    message = _of_line(line, _key(provider_id)).first() or _of_part(line, provider_id)
    if address is None or message is None:
        return
    message = lock_message_in_conversation(message.pk)
    if message.conversation.contact_id != address.contact_id:
        # Somebody else's message: in a group, or with a forged id.
        return
    emoji = emoji[:MAX_EMOJI_LENGTH]
    last = Reaction.objects.filter(message=message).first()
    if last is not None and set_at < last.set_at:
        return
    if last is None and not emoji:
        return
    # We keep a removed reaction with an empty emoji. So an older one that comes late is not set.
    Reaction.objects.update_or_create(message=message, defaults={"emoji": emoji, "set_at": set_at})
    if last is not None and emoji == last.emoji:
        return
    record(
        [
            of_conversation(
                message.conversation,
                {"reaction": {"message_id": str(message.uuid), "emoji": emoji}},
            )
        ]
    )


def _of_part(line: Line, provider_id: str) -> Message | None:
    parts = MessageSend.objects.filter(
        HAS_PROVIDER_ID, provider_id=provider_id, message__line=line.uuid
    )
    part = parts.select_related("message").first()
    return part.message if part else None


def hold_conversation(
    line: Line, address: ContactAddress, *, begins_as: str = Conversation.Status.OPEN
) -> Conversation:
    """Return the locked conversation with the locked contact of an address, or begin it."""
    rows = Conversation.objects.filter(line=line.uuid, contact=address.contact_id)
    if found := rows.select_for_update(no_key=True).first():
        return found
    return Conversation.objects.create(
        project_id=line.project_id,
        contact=address.contact,
        address=address,
        channel=line.channel,
        line=line.uuid,
        status=begins_as,
        last_activity_at=timezone.now(),
    )


def _note_arrival(conversation: Conversation, address: ContactAddress, message: Message) -> bool:
    """Update the conversation for a new inbound message; tell whether that opened it."""
    Status = Conversation.Status
    is_opened = conversation.status != Status.OPEN and not address.contact.is_blocked
    if is_opened:
        conversation.status, conversation.snoozed_until = Status.OPEN, None
    conversation.address = address
    conversation.last_activity_at = conversation.updated_at = message.created_at
    window = CHANNELS[message.channel].window if message.channel in CHANNELS else None
    if window is not None:
        # The window begins when the person wrote, not when we heard of it.
        until = message.written_at + window
        if address.window_until is None or until > address.window_until:
            address.window_until = until
            address.save(update_fields=["window_until"])
    if not message.is_read:
        conversation.unread += 1
        conversation.waiting_since = conversation.waiting_since or message.created_at
    conversation.version += 1
    conversation.save()
    return is_opened


def _keep_files(message: Message, files: Sequence[IncomingFile]) -> None:
    for file in files[:MAX_FILES]:
        attachment = Attachment.objects.create(
            message=message, provider_id=file.provider_id[:512], filename=file.filename[:255]
        )
        nudge_on_commit(tasks.fetch_attachment, attachment.pk)


def _answered(line: Line, conversation: Conversation, provider_id: str) -> Message | None:
    """Return the message that a new one answers. `provider_id` may be that of any of its parts."""
    if not provider_id:
        return None
    if found := _of_line(line, _key(provider_id)).first():
        return found
    parts = MessageSend.objects.filter(
        HAS_PROVIDER_ID, conversation=conversation, provider_id=provider_id
    )
    part = parts.select_related("message").first()
    return part.message if part else None


def _locked_inbound(line: Line, provider_id: str) -> Message | None:
    rows = _of_line(line, _key(provider_id)).filter(direction=Direction.INBOUND)
    found = rows.values_list("pk", flat=True).first()
    return None if found is None else lock_message_in_conversation(found)


def _of_line(line: Line, provider_id: str) -> QuerySet[Message]:
    return Message.objects.filter(HAS_PROVIDER_ID, line=line.uuid, provider_id=provider_id)


def _key(provider_id: str) -> str:
    if not provider_id:
        msg = "a message without an id of its provider"
        raise ValueError(msg)
    return provider_id[:MAX_PROVIDER_ID_LENGTH]
