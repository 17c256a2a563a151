"""The named locks on conversations.

Take them in this order: a contact's address, its conversation, a message. If you need several
addresses or conversations, lock them in the order of their ids. On SQLite these functions lock
nothing, because only one transaction at a time can write there.
"""

from notifications.errors import ConversationNotFound
from notifications.models import Conversation, Message


def lock_conversation(conversation_id: int) -> Conversation:
    """Lock a conversation and return it as it is now.

    Raises `ConversationNotFound` if it was merged into another one since it was read.
    """
    rows = Conversation.objects.select_for_update(no_key=True)
    found = rows.filter(pk=conversation_id).first()
    if found is None:
        raise ConversationNotFound
    return found


def lock_message(message_id: int) -> Message:
    """Lock a message and return it as it is now.

    Whoever writes what became of its parts, or its reports, holds this lock.
    """
    # Without a join. If a merge moves the message while we wait, PostgreSQL would compare it with
    # the conversation of before, and find no row. Its conversation is read when it is asked for.
    return Message.objects.select_for_update(no_key=True).get(pk=message_id)
