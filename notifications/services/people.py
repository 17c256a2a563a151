"""Changes in a contact's life: new numbers, leaving and coming back, being blocked."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.queries import require_operation
from notifications.access import SEND_MESSAGES
from notifications.channels import Line, Person
from notifications.events import of_conversation
from notifications.models import Contact, ContactAddress, Conversation, Message
from notifications.models.contacts import MAX_PROVIDER_ID_LENGTH
from notifications.models.messages import Direction
from notifications.numbers import digits_of, e164
from notifications.services.contacts import address_of
from notifications.services.merging import join_contacts
from orders.stream.recording import record


@transaction.atomic
def change_person(*, line: Line, old: Person, new: Person) -> None:
    """Give a person their new number or key. The contact keeps its history.

    If they wrote with the new one before we heard of the change, both become one contact. Records
    `conversation_changed`. Repeating it changes nothing.
    """
    known = address_of(line, old)
    if known is None:
        return
    address = ContactAddress.objects.select_for_update(no_key=True).get(pk=known.pk)
    number = digits_of(new.number)
    if not number and not new.provider_id:
        return
    found = address_of(line, new)
    if found is not None and found.pk != address.pk:
        _move_to(found, address)
        return
    if number:
        address.number, address.phone = number, e164(number)
    if new.provider_id:
        address.provider_id = new.provider_id[:MAX_PROVIDER_ID_LENGTH]
    if new.username:
        address.username = new.username[:64]
    address.save(update_fields=["number", "phone", "provider_id", "username"])
    _tell(address.contact, {"contact_id": str(address.contact.uuid)})


@transaction.atomic
def set_reachable(*, line: Line, person: Person, is_reachable: bool) -> None:
    """Write that a person has blocked us, or takes messages again.

    Records `conversation_changed` if that is news.
    """
    address = address_of(line, person)
    if address is None:
        return
    rows = ContactAddress.objects.filter(pk=address.pk, unreachable_since__isnull=not is_reachable)
    since = None if is_reachable else timezone.now()
    if rows.update(unreachable_since=since):
        _tell(address.contact, {"is_reachable": is_reachable}, line=line)


@transaction.atomic
def set_blocked(*, contact: Contact, is_blocked: bool, by: User) -> Contact:
    """Block a contact, or unblock them.

    Blocking closes the contact's conversations and marks their messages as read. What the contact
    writes later counts as read and opens no conversation. Records `conversation_changed` for each
    conversation. Raises `RoleNotEnough`.
    """
    require_operation(by, contact.project, SEND_MESSAGES)
    # Whoever receives a message locks its address first.
    list(contact.addresses.select_for_update(no_key=True).order_by("pk"))
    contact.refresh_from_db()
    if contact.is_blocked == is_blocked:
        return contact
    contact.is_blocked, contact.updated_at = is_blocked, timezone.now()
    contact.save(update_fields=["is_blocked", "updated_at"])
    if is_blocked:
        _put_away(contact)
    _tell(contact, {"is_blocked": is_blocked}, by=by)
    return contact


def _put_away(contact: Contact) -> None:
    now = timezone.now()
    talks = contact.conversations.order_by("pk").select_for_update(no_key=True)
    ids = [talk.pk for talk in talks]
    unread = Message.objects.filter(
        conversation__in=ids, direction=Direction.INBOUND, is_read=False
    )
    unread.update(is_read=True, read_at=now)
    Conversation.objects.filter(pk__in=ids).update(
        unread=0, status=Conversation.Status.CLOSED, snoozed_until=None, updated_at=now
    )


def _move_to(found: ContactAddress, address: ContactAddress) -> None:
    """Replace an address with the one that the same person has now."""
    if found.contact_id != address.contact_id:
        join_contacts(address.contact, found.contact, by=None)
    Conversation.objects.filter(address=address).update(address=found)
    # Somebody else may get the old number one day.
    address.delete()
    _tell(address.contact, {"contact_id": str(address.contact.uuid)})


def _tell(
    contact: Contact,
    changes: dict[str, object],
    *,
    line: Line | None = None,
    by: User | None = None,
) -> None:
    talks = Conversation.objects.filter(contact=contact).order_by("pk")
    if line is not None:
        talks = talks.filter(line=line.uuid)
    locked = talks.select_for_update(no_key=True)
    record([of_conversation(talk, changes, by=by) for talk in locked])
