"""The named locks on conversations.

Take them in this order: a contact's address, its conversation, a message. To take several contacts
or conversations, take them in the order of their ids. On SQLite these functions lock nothing and
need not.
"""

from notifications.models import Conversation, Message


def lock_conversation(conversation_id: int) -> Conversation:
    """Lock a conversation and return it as it is now."""
    return Conversation.objects.select_for_update(no_key=True).get(pk=conversation_id)


def lock_message(message_id: int) -> Message:
    """Lock a message with its parts and reports, and return it as it is now."""
    rows = Message.objects.select_related("conversation", "order")
    return rows.select_for_update(no_key=True, of=("self",)).get(pk=message_id)
