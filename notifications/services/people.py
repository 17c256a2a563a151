"""Changes in a contact's life: new numbers, leaving and coming back."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from notifications.channels import Line, Person
from notifications.models import ContactAddress, Message
from notifications.models.contacts import MAX_PROVIDER_ID_LENGTH
from notifications.models.messages import Direction
from notifications.numbers import digits_of, e164
from notifications.services.contacts import (
    MAX_USERNAME_LENGTH,
    address_of,
    hold_known_address,
    hold_together,
    starting_over,
    take_number,
)
from notifications.services.merging import replace_address, tell_of_contact
from notifications.work.reaching import note_reachable, note_unreachable


@transaction.atomic
def change_person(*, line: Line, old: Person, new: Person, changed_at: datetime) -> None:
    """Give a person their new number or key. The contact keeps its history.

    If they wrote with the new one before we heard of the change, both become one contact. If
    somebody else had the number before, they lose it and stay a contact of their own. Nothing
    changes if the person has changed again since, or if somebody else has the number since. Records
    `conversation_changed`. Repeating it changes nothing.
    """
    at = min(changed_at, timezone.now())
    if digits_of(new.number) or new.provider_id:
        starting_over(lambda: _change(line, old, new, at))


@transaction.atomic
def set_reachable(*, line: Line, person: Person, is_reachable: bool, at: datetime) -> None:
    """Write that a person has blocked us at that moment, or takes messages again.

    Nothing changes if we know something newer, for example if they have written since. Records
    `conversation_changed` if it is news.
    """
    address = hold_known_address(line, person)
    if address is None:
        return
    note = note_reachable if is_reachable else note_unreachable
    if note(address.pk, at):
        tell_of_contact(address.contact, {"is_reachable": is_reachable}, line=line.uuid)


def _change(line: Line, old: Person, new: Person, changed_at: datetime) -> None:
    (address, found), _ = hold_together(lambda: [address_of(line, old), address_of(line, new)])
    if address is None or not _is_of(address, old, changed_at):
        return
    number = digits_of(new.number)
    if found is not None and found.pk != address.pk and _is_same(found, new, changed_at):
        if number and not found.got_number_after(changed_at):
            found.number_since = changed_at
            found.save(update_fields=["number_since"])
        replace_address(address, found)
        return
    if number and number != address.number:
        if not take_number(line, address, number, changed_at):
            return
        address.number, address.phone = number, e164(number)
        address.number_since = changed_at
        # A new number comes with a new key, even if nobody tells us which. Until their next message
        # the number alone tells who they are.
        address.provider_id = ""
    if new.provider_id:
        address.provider_id = new.provider_id[:MAX_PROVIDER_ID_LENGTH]
    if new.username:
        address.username = new.username[:MAX_USERNAME_LENGTH]
    address.save(update_fields=["number", "phone", "number_since", "provider_id", "username"])
    tell_of_contact(address.contact, {"contact_id": str(address.contact.uuid)})


def _is_of(address: ContactAddress, old: Person, changed_at: datetime) -> bool:
    """Tell whether an address is that of a person before they changed.

    If only the old number says so, whoever has it since the change is somebody else.
    """
    if address.got_number_after(changed_at):
        return False
    is_sure = old.provider_id != "" and address.provider_id == old.provider_id
    return is_sure or (address.number_since != changed_at and _began(address) <= changed_at)


def _is_same(found: ContactAddress, new: Person, changed_at: datetime) -> bool:
    """Tell whether an address with a person's new number or key is theirs.

    If only the number says so, whoever has a key of their own and wrote before the change is
    somebody else, who had the number until then.
    """
    if found.provider_id != "" and found.provider_id == new.provider_id:
        return True
    if found.got_number_after(changed_at):
        return False
    return found.provider_id == "" or _began(found) >= changed_at


def _began(address: ContactAddress) -> datetime:
    """Return when a person first wrote from an address; when we made it if they never did."""
    said = Message.objects.filter(address=address, direction=Direction.INBOUND)
    first = said.order_by("written_at").values_list("written_at", flat=True).first()
    return address.created_at if first is None else min(first, address.created_at)
