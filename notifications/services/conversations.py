"""What members do with conversations: read them, assign them, close them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypedDict

from django.db import transaction
from django.utils import timezone

from accounts.access import may
from accounts.locks import hold_role
from accounts.models import User
from accounts.queries import require_operation
from notifications import tasks
from notifications.access import SEND_MESSAGES
from notifications.events import of_conversation
from notifications.locks import lock_conversation, lock_message_in_conversation
from notifications.models import Conversation, Message
from notifications.models.messages import Direction
from notifications.services.sending import hold_order
from orderchainer.core.background import nudge_on_commit
from orderchainer.core.errors import Invalid, NothingToChange
from orders.models import Order
from orders.stream.recording import record

# An event names no more messages.
MAX_NAMED = 100
# Nobody means more, and the last days of the calendar cannot be written in every time zone.
LONGEST_SNOOZE = timedelta(days=366)


class ConversationChanges(TypedDict, total=False):
    """What a member changes of a conversation; a missing key changes nothing."""

    # A `Conversation.Status`. `snoozed` needs `snoozed_until`.
    status: str
    snoozed_until: datetime | None
    # A member who may send messages, or None.
    assignee: User | None


@transaction.atomic
def mark_read(*, message: Message, by: User) -> Message:
    """Mark an inbound message as read and return it. Repeating it changes nothing.

    If the provider shows people what we have read, a worker tells it. Records
    `conversation_changed`. Raises `RoleNotEnough`.
    """
    require_operation(by, message.project, SEND_MESSAGES)
    message = lock_message_in_conversation(message.pk)
    if message.direction != Direction.INBOUND or message.is_read:
        return message
    message.is_read, message.read_at = True, timezone.now()
    message.save(update_fields=["is_read", "read_at"])
    conversation = message.conversation
    conversation.unread = max(0, conversation.unread - 1)
    _keep_unread(conversation, {"read": str(message.uuid)}, by)
    nudge_on_commit(tasks.tell_read, message.pk)
    return message


@transaction.atomic
def mark_conversation_read(*, conversation: Conversation, by: User) -> Conversation:
    """Mark all inbound messages of a conversation as read. Repeating it changes nothing.

    Records `conversation_changed`. Raises `RoleNotEnough`.
    """
    require_operation(by, conversation.project, SEND_MESSAGES)
    conversation = lock_conversation(conversation.pk)
    unread = conversation.messages.filter(direction=Direction.INBOUND, is_read=False)
    last = unread.order_by("-written_at", "-pk").values_list("pk", flat=True).first()
    if last is None:
        return conversation
    unread.update(is_read=True, read_at=timezone.now())
    conversation.unread = 0
    _keep_unread(conversation, {"unread": 0}, by)
    # The provider then counts all earlier messages as read too.
    nudge_on_commit(tasks.tell_read, last)
    return conversation


@transaction.atomic
def change_conversation(
    *,
    conversation: Conversation,
    by: User,
    changes: ConversationChanges,
    precondition: Callable[[Conversation], None] | None = None,
) -> Conversation:
    """Change a conversation. Records `conversation_changed` if anything changes.

    `precondition` gets the locked conversation and may raise to stop.

    Raises `Invalid`, `NothingToChange` and `RoleNotEnough`.
    """
    require_operation(by, conversation.project, SEND_MESSAGES)
    if not changes:
        raise NothingToChange
    conversation = lock_conversation(conversation.pk)
    if precondition is not None:
        precondition(conversation)
    changed: dict[str, object] = {}
    if "status" in changes or "snoozed_until" in changes:
        changed |= _set_status(conversation, changes)
    if "assignee" in changes:
        changed |= _assign(conversation, changes["assignee"])
    if not changed:
        return conversation
    conversation.updated_at = timezone.now()
    conversation.version += 1
    conversation.save(
        update_fields=[
            *("status", "snoozed_until", "waiting_since", "assignee", "updated_at", "version")
        ]
    )
    record([of_conversation(conversation, changed, by=by)])
    return conversation


@transaction.atomic
def link_to_order(*, message: Message, order: Order | None, by: User) -> Message:
    """Say which order of the project a message is about. Records `conversation_changed`.

    Raises `Invalid` for an order of another project, and `RoleNotEnough`.
    """
    require_operation(by, message.project, SEND_MESSAGES)
    order = hold_order(message.project, order)
    message = lock_message_in_conversation(message.pk)
    if message.order == order:
        return message
    message.order = order
    message.save(update_fields=["order"])
    linked = {"message_id": str(message.uuid), "order_id": str(order.uuid) if order else None}
    record([of_conversation(message.conversation, {"linked": linked}, by=by)])
    return message


@transaction.atomic
def link_conversation(*, conversation: Conversation, order: Order, by: User) -> None:
    """Say that a conversation is about an order: its last message of the contact, else its last.

    Messages that are about another order stay so. If a message is about this order already, nothing
    changes. Records `conversation_changed`. Raises `Invalid` if no message is left that could be
    about the order or the order is of another project, `ConversationNotFound` and `RoleNotEnough`.
    """
    require_operation(by, conversation.project, SEND_MESSAGES)
    hold_order(conversation.project, order)
    conversation = lock_conversation(conversation.pk)
    if conversation.messages.filter(order=order).exists():
        return
    free = conversation.messages.filter(order=None).order_by("-written_at", "-pk")
    message = free.filter(direction=Direction.INBOUND).first() or free.first()
    if message is not None:
        link_to_order(message=message, order=order, by=by)
    elif conversation.messages.exists():
        raise Invalid({"order": ["Every message is about another order. Unlink one first."]})
    else:
        raise Invalid({"order": ["Nothing has been said yet that could be about an order."]})


@transaction.atomic
def unlink_order(*, conversation: Conversation, order: Order, by: User) -> None:
    """Say that no message of a conversation is about this order. Repeating it changes nothing.

    Records `conversation_changed` if that changes anything. Raises `ConversationNotFound` and
    `RoleNotEnough`.
    """
    require_operation(by, conversation.project, SEND_MESSAGES)
    conversation = lock_conversation(conversation.pk)
    about = conversation.messages.filter(order=order).order_by("pk")
    uuids = [str(uuid) for uuid in about.values_list("uuid", flat=True)]
    if not uuids:
        return
    about.order_by().update(order=None)
    unlinked = {"order_id": str(order.uuid), "message_ids": uuids[-MAX_NAMED:]}
    record([of_conversation(conversation, {"unlinked": unlinked}, by=by)])


def _keep_unread(conversation: Conversation, changes: dict[str, object], by: User) -> None:
    conversation.updated_at = timezone.now()
    conversation.save(update_fields=["unread", "updated_at"])
    record([of_conversation(conversation, changes, by=by)])


def _set_status(conversation: Conversation, changes: ConversationChanges) -> dict[str, object]:
    """Set the status of a locked conversation and when it wakes; return what changed."""
    Status = Conversation.Status
    status = changes.get("status", conversation.status)
    until = changes.get("snoozed_until")
    if status not in Status.values:
        raise Invalid({"status": [f"Must be one of: {', '.join(Status.values)}."]})
    if status == Status.SNOOZED and until is None:
        raise Invalid({"snoozed_until": ["Say until when it is snoozed."]})
    if status != Status.SNOOZED and until is not None:
        raise Invalid({"snoozed_until": ["Only a snoozed conversation has this."]})
    now = timezone.now()
    if until is not None and until <= now:
        raise Invalid({"snoozed_until": ["Must be in the future."]})
    if until is not None and until > now + LONGEST_SNOOZE:
        raise Invalid({"snoozed_until": ["Must be within a year."]})
    if (status, until) == (conversation.status, conversation.snoozed_until):
        return {}
    conversation.status, conversation.snoozed_until = status, until
    if status == Status.CLOSED:
        # Nothing more is to be said, so nobody waits for an answer.
        conversation.waiting_since = None
    return {"status": str(status), "snoozed_until": until.isoformat() if until else None}


def _assign(conversation: Conversation, assignee: User | None) -> dict[str, object]:
    if conversation.assignee_id == (assignee.pk if assignee else None):
        return {}
    if assignee is not None and not _may_be_assigned(conversation, assignee):
        raise Invalid({"assignee": ["Must be a member who may send messages."]})
    conversation.assignee = assignee
    return {"assignee": str(assignee.uuid) if assignee else None}


def _may_be_assigned(conversation: Conversation, user: User) -> bool:
    """Tell whether the user answers the project's customers. It stays so until the commit."""
    role = hold_role(user, conversation.project_id)
    return user.is_active and role is not None and may(role, SEND_MESSAGES)
