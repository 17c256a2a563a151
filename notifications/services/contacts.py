"""Find the contact behind a message, or make one. Two first messages at once share one contact."""

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from notifications.channels import Line, Person
from notifications.models import Contact, ContactAddress, Conversation
from notifications.models.contacts import MAX_PROVIDER_ID_LENGTH
from notifications.numbers import digits_of, e164, spellings_of

MAX_NAME_LENGTH = 255
MAX_USERNAME_LENGTH = 64


def hold_address(line: Line, person: Person, *, is_here: bool = True) -> ContactAddress:
    """Return the locked address of a person on a line, with its contact, or make both.

    We recognise a person by the provider's key, else by the number as it is written, else by
    another way to write it, and never by name. `is_here` says that the person is writing just now,
    so they can be reached. Raises ValueError for a person without a key and without a number.
    """
    if not person.provider_id and not digits_of(person.number):
        msg = "a person without a key and without a number"
        raise ValueError(msg)
    address = _locked(line, person)
    if address is None:
        try:
            with transaction.atomic():
                address = _make(line, person)
        except IntegrityError:
            # Another message of the same person made it at the same moment.
            address = _locked(line, person)
            if address is None:
                raise
    _learn(address, person, is_here=is_here)
    return address


def hold_address_of(line: Line, contact: Contact, *, may_make: bool) -> ContactAddress | None:
    """Return the locked address at which a line reaches a contact.

    That is the one of their conversation, else the newest. If there is none and `may_make` is True,
    make one from a phone number of the contact. Return None if they have no such number.
    """
    mine = ContactAddress.objects.filter(contact=contact, line=line.uuid)
    talks = Conversation.objects.filter(contact=contact, line=line.uuid)
    used = talks.values_list("address_id", flat=True).first()
    pk = used or mine.order_by("-pk").values_list("pk", flat=True).first()
    if pk is not None:
        return _lock(pk)
    if not may_make:
        return None
    phones = ContactAddress.objects.filter(contact=contact).exclude(phone="")
    known = phones.order_by("-pk").values_list("phone", flat=True).first()
    if known is None:
        return None
    address = hold_address(line, Person(number=known, name=contact.name), is_here=False)
    if address.contact_id != contact.pk and not address.contact.conversations.exists():
        # We have just made this address, and with it a contact that nobody needs.
        empty, address.contact = address.contact, contact
        address.save(update_fields=["contact"])
        empty.delete()
    return address


def address_of(line: Line, person: Person) -> ContactAddress | None:
    """Return the address of a person on a line, or None."""
    return _found(line, person)


def _locked(line: Line, person: Person) -> ContactAddress | None:
    found = _found(line, person)
    return None if found is None else _lock(found.pk)


def _lock(address_id: int) -> ContactAddress | None:
    # Without its contact, which is read when it is asked for: while we wait, somebody may block or
    # merge the contact.
    return ContactAddress.objects.select_for_update(no_key=True).filter(pk=address_id).first()


def _found(line: Line, person: Person) -> ContactAddress | None:
    spelt = spellings_of(person.number)
    known = Q(number__in=spelt) if spelt else Q(pk__in=[])
    if person.provider_id:
        known |= Q(provider_id=person.provider_id[:MAX_PROVIDER_ID_LENGTH])
    rows = list(ContactAddress.objects.filter(known, line=line.uuid).order_by("pk"))

    def closeness(address: ContactAddress) -> int:
        if person.provider_id and address.provider_id == person.provider_id:
            return 0
        return 1 + spelt.index(address.number)

    if person.provider_id:
        # If an address has this number and another key, the number has changed hands.
        rows = [row for row in rows if row.provider_id in {"", person.provider_id}]
    return min(rows, key=closeness, default=None)


def _make(line: Line, person: Person) -> ContactAddress:
    number = digits_of(person.number)
    if number and person.provider_id:
        # Somebody else had the number before. They keep their history and their own key.
        ContactAddress.objects.filter(line=line.uuid, number=number).exclude(provider_id="").update(
            number="", phone=""
        )
    contact = Contact.objects.create(
        project_id=line.project_id,
        name=person.name[:MAX_NAME_LENGTH],
        language=person.language[:35],
    )
    return ContactAddress.objects.create(
        contact=contact,
        channel=line.channel,
        line=line.uuid,
        provider_id=person.provider_id[:MAX_PROVIDER_ID_LENGTH],
        number=number,
        phone=e164(number),
        username=person.username[:MAX_USERNAME_LENGTH],
    )


def _learn(address: ContactAddress, person: Person, *, is_here: bool) -> None:
    """Store what the provider says about a person now. Never clear what it leaves out."""
    number = digits_of(person.number)
    learnt: dict[str, object] = {}
    if person.provider_id and not address.provider_id:
        learnt["provider_id"] = person.provider_id[:MAX_PROVIDER_ID_LENGTH]
    # We store a number that the provider wrote. One that a member typed only finds the address.
    if is_here and number and number != address.number and not _is_taken(address, number):
        learnt |= {"number": number, "phone": e164(number)}
    if person.username and person.username != address.username:
        learnt["username"] = person.username[:MAX_USERNAME_LENGTH]
    if is_here and address.unreachable_since is not None:
        learnt["unreachable_since"] = None
    if learnt:
        for name, value in learnt.items():
            setattr(address, name, value)
        address.save(update_fields=list(learnt))
    contact = address.contact
    if not contact.name and person.name:
        # People can rename a contact, so a name is only filled in once.
        contact.name = person.name[:MAX_NAME_LENGTH]
        contact.updated_at = timezone.now()
        contact.save(update_fields=["name", "updated_at"])


def _is_taken(address: ContactAddress, number: str) -> bool:
    others = ContactAddress.objects.filter(line=address.line, number=number)
    return others.exclude(pk=address.pk).exists()
