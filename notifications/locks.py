"""The named locks on conversations.

Take them in this order: orders (`orders/locks.py`), contacts, conversations, a message; several
contacts or conversations in the order of their ids. A contact's lock also covers its addresses:
only its holder gives the contact an address, changes one or takes one away. Two writes do without
it: marking that an address is out of reach, which is a single statement, and taking a number from
its former owner, which locks the addresses in the order of their ids. On SQLite these functions
lock nothing, because only one transaction at a time can write there.
"""

from collections.abc import Collection, Mapping

from notifications.errors import ContactNotFound, ConversationNotFound, MessageNotFound
from notifications.models import Contact, Conversation, Message


def lock_contacts(ids: Collection[int]) -> Mapping[int, Contact]:
    """Lock contacts and return them as they are now, by id. Leaves out those that were merged."""
    rows = Contact.objects.select_for_update(no_key=True).filter(pk__in=ids)
    return {contact.pk: contact for contact in rows.order_by("pk")}


def lock_contact(contact_id: int) -> Contact:
    """Lock a contact and return it as it is now.

    Raises `ContactNotFound` if it was merged into another one since it was read.
    """
    for contact in lock_contacts([contact_id]).values():
        return contact
    raise ContactNotFound


def lock_conversation(conversation_id: int) -> Conversation:
    """Lock a conversation and return it as it is now.

    Raises `ConversationNotFound` if it was merged into another one since it was read.
    """
    rows = Conversation.objects.select_for_update(no_key=True)
    found = rows.filter(pk=conversation_id).first()
    if found is None:
        raise ConversationNotFound
    return found


def lock_conversations(ids: Collection[int]) -> Mapping[int, Conversation]:
    """Lock conversations and return them as they are now, by id. Leaves out merged ones."""
    rows = Conversation.objects.select_for_update(no_key=True).filter(pk__in=ids)
    return {conversation.pk: conversation for conversation in rows.order_by("pk")}


def lock_message(message_id: int) -> Message:
    """Lock a message and return it as it is now.

    Whoever writes what became of its parts, or its reports, holds this lock.
    """
    # Without a join. If a merge moves the message while we wait, PostgreSQL would compare it with
    # the conversation of before, and find no row. Its conversation is read when it is asked for.
    return Message.objects.select_for_update(no_key=True).get(pk=message_id)


def lock_message_in_conversation(message_id: int) -> Message:
    """Lock a message and its conversation, and return the message with it, both as they are now.

    Whoever records `conversation_changed` because of a message holds both locks. So the events of a
    conversation come in the order of its changes. Raises `MessageNotFound`.
    """
    rows = Message.objects.filter(pk=message_id).values_list("conversation_id", flat=True)
    while (conversation_id := rows.first()) is not None:
        try:
            conversation = lock_conversation(conversation_id)
        except ConversationNotFound:
            # A merge has moved the message while we waited.
            continue
        message = lock_message(message_id)
        message.conversation = conversation
        return message
    raise MessageNotFound
