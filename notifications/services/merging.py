"""Make one contact of two. Conversations on the same line become one."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.queries import require_operation
from notifications.access import SEND_MESSAGES
from notifications.errors import ContactNotFound
from notifications.events import of_conversation
from notifications.locks import lock_contacts
from notifications.models import (
    ChatInvitation,
    Contact,
    ContactAddress,
    Conversation,
    DigestEntry,
    MergedContact,
    Message,
    MessageSend,
)
from notifications.models.messages import Direction
from notifications.services.blocking import put_away
from notifications.services.drafting import move_drafts
from orderchainer.core.errors import Invalid
from orders.stream.recording import record


@transaction.atomic
def merge_contacts(*, contact: Contact, other: Contact, by: User) -> Contact:
    """Make one contact of two of the same project; `contact` stays and gets all of `other`.

    Two conversations on one line become one. If one of the two is blocked, the one that stays is.
    Records `conversation_changed`. Raises `ContactNotFound` if one was merged into another contact
    since it was read, `Invalid` and `RoleNotEnough`.
    """
    require_operation(by, contact.project, SEND_MESSAGES)
    if contact.project_id != other.project_id or contact.pk == other.pk:
        raise Invalid({"contact_id": ["Name another contact of the same project."]})
    both = lock_contacts([contact.pk, other.pk])
    if len(both) < 2:
        raise ContactNotFound
    return join_contacts(both[contact.pk], both[other.pk], by=by)


def join_contacts(contact: Contact, other: Contact, *, by: User | None) -> Contact:
    """Give `contact` all that belongs to `other`, and delete `other`.

    The caller holds a transaction and has locked both.
    """
    # Before the messages, as where an order is deleted: otherwise two could wait for each other.
    ChatInvitation.objects.filter(contact=other).update(contact=contact)
    talks = Conversation.objects.filter(contact__in=[contact, other]).order_by("pk")
    locked = list(talks.select_for_update(no_key=True))
    kept = {talk.line: talk for talk in locked if talk.contact_id == contact.pk}
    is_block_new = contact.is_blocked != other.is_blocked
    changed: list[tuple[Conversation, dict[str, object]]] = []
    for talk in locked:
        if talk.contact_id != other.pk:
            continue
        same = kept.get(talk.line)
        if same is None:
            talk.contact = contact
            _save(talk)
            changed.append((talk, {"contact_id": str(contact.uuid)}))
            kept[talk.line] = talk
        else:
            _join(same, talk)
            changed.append((same, {"merged": str(talk.uuid)}))
    ContactAddress.objects.filter(contact=other).update(contact=contact)
    MergedContact.objects.filter(contact=other).update(contact=contact)
    MergedContact.objects.create(former_id=other.pk, contact=contact)
    _join_notes(contact, other)
    other.delete()
    if is_block_new:
        # What the other one wrote was there for everybody to see until now.
        changed += [(talk, {"is_blocked": True}) for talk in put_away(contact)]
    record([of_conversation(talk, change, by=by) for talk, change in changed])
    return contact


def replace_address(address: ContactAddress, found: ContactAddress) -> None:
    """Replace an address with another one that the same person has on the line.

    The caller holds a transaction and has locked the contacts of both. If these are two, the one
    of `address` stays. Records `conversation_changed`.
    """
    contact = address.contact
    if found.contact_id != contact.pk:
        join_contacts(contact, found.contact, by=None)
    talks = Conversation.objects.filter(contact=contact).order_by("pk")
    list(talks.select_for_update(no_key=True))
    talks.filter(address=address).update(address=found)
    Message.objects.filter(address=address).update(address=found)
    # An invitation that they followed stays used.
    ChatInvitation.objects.filter(address=address).update(address=found)
    # Somebody else may get the old number one day.
    address.delete()
    tell_of_contact(contact, {"contact_id": str(contact.uuid)})


def tell_of_contact(
    contact: Contact, changes: Mapping[str, object], *, line: UUID | None = None
) -> None:
    """Record `conversation_changed` for a contact's conversations, or for that on one line."""
    talks = Conversation.objects.filter(contact=contact).order_by("pk")
    if line is not None:
        talks = talks.filter(line=line)
    locked = talks.select_for_update(no_key=True)
    record([of_conversation(talk, changes) for talk in locked])


def _join(kept: Conversation, gone: Conversation) -> None:
    """Move all of one locked conversation into another."""
    Status = Conversation.Status
    both = Message.objects.filter(conversation__in=[kept, gone], direction=Direction.INBOUND)
    last = both.order_by("-created_at", "-pk").values_list("address_id", flat=True).first()
    if last is not None:
        kept.address_id = last
    Message.objects.filter(conversation=gone).update(conversation=kept)
    MessageSend.objects.filter(conversation=gone).update(conversation=kept)
    DigestEntry.objects.filter(conversation=gone).update(conversation=kept)
    move_drafts(gone=gone, kept=kept)
    kept.last_activity_at = max(kept.last_activity_at, gone.last_activity_at)
    kept.unread += gone.unread
    waits = [since for since in (kept.waiting_since, gone.waiting_since) if since is not None]
    kept.waiting_since = min(waits, default=None)
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
    contact.name = contact.name or other.name
    contact.language = contact.language or other.language
    contact.notes = "\n\n".join(filter(None, [contact.notes, other.notes]))[:5000]
    # If one of the two asked for no more messages, that counts for both.
    contact.stopped_at = contact.stopped_at or other.stopped_at
    contact.is_blocked = contact.is_blocked or other.is_blocked
    contact.updated_at = timezone.now()
    contact.save()
