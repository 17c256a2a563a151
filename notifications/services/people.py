"""Changes in a contact's life: new numbers, leaving and coming back."""

from django.db import transaction
from django.utils import timezone

from notifications.channels import Line, Person
from notifications.models import ContactAddress
from notifications.models.contacts import MAX_PROVIDER_ID_LENGTH
from notifications.numbers import digits_of, e164
from notifications.services.contacts import (
    MAX_USERNAME_LENGTH,
    address_of,
    hold_known_address,
    hold_together,
    starting_over,
)
from notifications.services.merging import replace_address, tell_of_contact


@transaction.atomic
def change_person(*, line: Line, old: Person, new: Person) -> None:
    """Give a person their new number or key. The contact keeps its history.

    If they wrote with the new one before we heard of the change, both become one contact. Records
    `conversation_changed`. Repeating it changes nothing.
    """
    if digits_of(new.number) or new.provider_id:
        starting_over(lambda: _change(line, old, new))


@transaction.atomic
def set_reachable(*, line: Line, person: Person, is_reachable: bool) -> None:
    """Write that a person has blocked us, or takes messages again.

    Records `conversation_changed` if that is news.
    """
    address = hold_known_address(line, person)
    if address is None:
        return
    rows = ContactAddress.objects.filter(pk=address.pk, unreachable_since__isnull=not is_reachable)
    since = None if is_reachable else timezone.now()
    if rows.update(unreachable_since=since):
        tell_of_contact(address.contact, {"is_reachable": is_reachable}, line=line.uuid)


def _change(line: Line, old: Person, new: Person) -> None:
    (address, found), _ = hold_together(lambda: [address_of(line, old), address_of(line, new)])
    if address is None:
        return
    if found is not None and found.pk != address.pk:
        replace_address(address, found)
        return
    if number := digits_of(new.number):
        address.number, address.phone = number, e164(number)
    if new.provider_id:
        address.provider_id = new.provider_id[:MAX_PROVIDER_ID_LENGTH]
    if new.username:
        address.username = new.username[:MAX_USERNAME_LENGTH]
    address.save(update_fields=["number", "phone", "provider_id", "username"])
    tell_of_contact(address.contact, {"contact_id": str(address.contact.uuid)})
