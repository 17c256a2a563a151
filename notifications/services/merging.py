"""Make one contact of two. Conversations on the same line become one."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.queries import require_operation
from notifications.access import SEND_MESSAGES
from notifications.events import of_conversation
from notifications.models import (
    ChatInvitation,
    Contact,
    ContactAddress,
    Conversation,
    Message,
    MessageSend,
)
from orderchainer.core.errors import Invalid
from orders.stream.recording import record


@transaction.atomic
def merge_contacts(*, contact: Contact, other: Contact, by: User) -> Contact:
    """Make one contact of two of the same project; `contact` stays and gets all of `other`.

    Two conversations on one line become one. Records `conversation_changed`. Raises `Invalid`
    and `RoleNotEnough`.
    """
    require_operation(by, contact.project, SEND_MESSAGES)
    if contact.project_id != other.project_id or contact.pk == other.pk:
        raise Invalid({"contact_id": ["Name another contact of the same project."]})
    return join_contacts(contact, other, by=by)


def join_contacts(contact: Contact, other: Contact, *, by: User | None) -> Contact:
    """Give `contact` all that belongs to `other`, and delete `other`.

    The caller holds a transaction.
    """
    both = [contact.pk, other.pk]
    addresses = ContactAddress.objects.filter(contact__in=both).order_by("pk")
    list(addresses.select_for_update(no_key=True))
    talks = Conversation.objects.filter(contact__in=both).order_by("pk")
    locked = list(talks.select_for_update(no_key=True))
    kept = {talk.line: talk for talk in locked if talk.contact_id == contact.pk}
    events = []
    for talk in locked:
        if talk.contact_id != other.pk:
            continue
        same = kept.get(talk.line)
        if same is None:
            talk.contact = contact
            _save(talk)
            events.append(of_conversation(talk, {"contact_id": str(contact.uuid)}, by=by))
        else:
            _join(same, talk)
            events.append(of_conversation(same, {"merged": str(talk.uuid)}, by=by))
    ContactAddress.objects.filter(contact=other).update(contact=contact)
    ChatInvitation.objects.filter(contact=other).update(contact=contact)
    _join_notes(contact, other)
    other.delete()
    record(events)
    return contact


def _join(kept: Conversation, gone: Conversation) -> None:
    """Move all of one locked conversation into another."""
    Message.objects.filter(conversation=gone).update(conversation=kept)
    MessageSend.objects.filter(conversation=gone).update(conversation=kept)
    Status = Conversation.Status
    if gone.last_activity_at > kept.last_activity_at:
        kept.address, kept.last_activity_at = gone.address, gone.last_activity_at
    kept.unread += gone.unread
    windows = [each.window_until for each in (kept, gone) if each.window_until is not None]
    kept.window_until = max(windows, default=None)
    if gone.status == Status.OPEN:
        kept.status, kept.snoozed_until = Status.OPEN, None
    if kept.assignee_id is None:
        kept.assignee_id = gone.assignee_id
    _save(kept)
    gone.delete()


def _save(conversation: Conversation) -> None:
    conversation.updated_at = timezone.now()
    conversation.version += 1
    conversation.save()


def _join_notes(contact: Contact, other: Contact) -> None:
    contact.refresh_from_db()
    contact.name = contact.name or other.name
    contact.language = contact.language or other.language
    contact.notes = "\n\n".join(filter(None, [contact.notes, other.notes]))[:5000]
    # If one of the two asked for no more messages, that counts for both.
    contact.stopped_at = contact.stopped_at or other.stopped_at
    contact.is_blocked = contact.is_blocked or other.is_blocked
    contact.updated_at = timezone.now()
    contact.save()
