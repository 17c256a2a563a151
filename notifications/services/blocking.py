"""Block contacts and unblock them."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.queries import require_operation
from notifications.access import SEND_MESSAGES
from notifications.events import of_conversation
from notifications.locks import lock_contact
from notifications.models import Contact, Conversation, Message
from notifications.models.messages import Direction
from orders.stream.recording import record


@transaction.atomic
def set_blocked(*, contact: Contact, is_blocked: bool, by: User) -> Contact:
    """Block a contact, or unblock them.

    Blocking closes the contact's conversations and marks their messages as read. What the contact
    writes later counts as read and opens no conversation. Records `conversation_changed` for each
    conversation. Raises `ContactNotFound` if the contact was merged into another one since it was
    read, and `RoleNotEnough`.
    """
    require_operation(by, contact.project, SEND_MESSAGES)
    # Whoever receives a message locks its contact first.
    contact = lock_contact(contact.pk)
    if contact.is_blocked == is_blocked:
        return contact
    contact.is_blocked, contact.updated_at = is_blocked, timezone.now()
    contact.save(update_fields=["is_blocked", "updated_at"])
    talks = put_away(contact) if is_blocked else _locked(contact)
    record([of_conversation(talk, {"is_blocked": is_blocked}, by=by) for talk in talks])
    return contact


def put_away(contact: Contact) -> Sequence[Conversation]:
    """Close the conversations of a locked contact, mark all in them as read, and return them."""
    now = timezone.now()
    talks = _locked(contact)
    unread = Message.objects.filter(
        conversation__in=talks, direction=Direction.INBOUND, is_read=False
    )
    unread.update(is_read=True, read_at=now)
    for talk in talks:
        talk.unread, talk.status, talk.snoozed_until = 0, Conversation.Status.CLOSED, None
        talk.waiting_since = None
        talk.updated_at = now
        talk.version += 1
    Conversation.objects.bulk_update(
        talks, ["unread", "status", "snoozed_until", "waiting_since", "updated_at", "version"]
    )
    return talks


def _locked(contact: Contact) -> list[Conversation]:
    return list(contact.conversations.order_by("pk").select_for_update(no_key=True))
