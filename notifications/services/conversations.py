"""What members do with conversations: read them, assign them, close them."""

from datetime import datetime
from typing import TypedDict

from accounts.models import User
from notifications.models import Conversation, Message
from orders.models import Order


class ConversationChanges(TypedDict, total=False):
    """What a member changes of a conversation; a missing key changes nothing."""

    # A `Conversation.Status`. `snoozed` needs `snoozed_until`.
    status: str
    snoozed_until: datetime | None
    # A member who may send messages, or None.
    assignee: User | None


def mark_read(*, message: Message, by: User) -> Message:
    """Mark an inbound message as read and return it. Once more is the same.

    Tells the provider, if it shows people that we have read. Records `conversation_changed`.
    """
    raise NotImplementedError


def mark_conversation_read(*, conversation: Conversation, by: User) -> Conversation:
    """Mark all inbound messages of a conversation as read. Records `conversation_changed`."""
    raise NotImplementedError


def change_conversation(
    *, conversation: Conversation, by: User, changes: ConversationChanges
) -> Conversation:
    """Change a conversation. Records `conversation_changed`.

    Raises `Invalid`, `NothingToChange` and `RoleNotEnough`.
    """
    raise NotImplementedError


def link_to_order(*, message: Message, order: Order | None, by: User) -> Message:
    """Say which order of the project a message is about. Records `conversation_changed`.

    Raises `Invalid` for an order of another project, and `RoleNotEnough`.
    """
    raise NotImplementedError
