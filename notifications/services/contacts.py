"""Find the contact behind a message, or make one. Two first messages at once share one contact."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from notifications.channels import Line, Person
from notifications.locks import lock_contact, lock_contacts
from notifications.models import Contact, ContactAddress, Conversation, Message
from notifications.models.contacts import MAX_PROVIDER_ID_LENGTH
from notifications.models.messages import Direction
from notifications.numbers import digits_of, e164, spellings_of
from notifications.services.merging import replace_address
from notifications.work.reaching import note_reachable

MAX_NAME_LENGTH = 255
MAX_USERNAME_LENGTH = 64
MAX_TRIES = 5

Result = TypeVar("Result")


def hold_address(line: Line, person: Person, *, wrote_at: datetime | None = None) -> ContactAddress:
    """Return the address of a person on a line, with its locked contact, or make both.

    We recognise a person by the provider's key, else by the number as it is written, else by
    another way to write it, and never by name. `wrote_at` is when the person wrote, if they did: at
    that moment they could be reached, and a number that is somebody else's since then was theirs.
    Raises ValueError for a person without a key and a number.
    """
    if not person.provider_id and not digits_of(person.number):
        msg = "a person without a key and without a number"
        raise ValueError(msg)
    for tried in range(1, MAX_TRIES + 1):
        known = _addresses_of(line, person, wrote_at)
        if wrote_at is not None and _is_split(known, person):
            # This person had a number here and, apart from it, a key. The provider now says both.
            starting_over(lambda: _join_split(line, person, wrote_at))
        elif not known:
            try:
                return make_address(line, person, wrote_at=wrote_at)
            except IntegrityError:
                # Another message of the same person made it at the same moment.
                if tried == MAX_TRIES:
                    raise
        elif address := _locked(known[0]):
            _learn(line, address, person, wrote_at=wrote_at)
            return address
    raise Moved


def hold_known_address(line: Line, person: Person) -> ContactAddress | None:
    """Return the address of a person on a line, with its locked contact, or None."""
    while (found := address_of(line, person)) is not None:
        if address := _locked(found):
            return address
    return None


def hold_together(
    find: Callable[[], Sequence[ContactAddress | None]],
    *,
    named: Callable[[], int | None] = lambda: None,
) -> tuple[Sequence[ContactAddress | None], Contact | None]:
    """Return the addresses that `find` finds, each with its contact, and the contact `named`.

    All these contacts are locked in one statement. What does not exist is None. Raises `Moved`.
    """
    addresses, named_id = find(), named()
    owners = {address.contact_id for address in addresses if address is not None}
    contacts = lock_contacts(owners if named_id is None else owners | {named_id})
    addresses, named_id = find(), named()
    for address in addresses:
        if address is not None:
            address.contact = _among(contacts, address.contact_id)
    return addresses, None if named_id is None else _among(contacts, named_id)


def _among(contacts: Mapping[int, Contact], contact_id: int) -> Contact:
    if contact_id not in contacts:
        raise Moved
    return contacts[contact_id]


class Moved(Exception):
    """What a person has went to another contact while we waited for a lock."""


def starting_over(work: Callable[[], Result]) -> Result:
    """Do `work`, and do it again if somebody else was faster at the same moment.

    That is if it raises `Moved` or `IntegrityError`. Between two tries the way back to a savepoint
    lets go of the locks, so the next try does not break their order.
    """
    for tried in range(1, MAX_TRIES + 1):
        try:
            with transaction.atomic():
                return work()
        except (Moved, IntegrityError):
            if tried == MAX_TRIES:
                raise
    raise AssertionError  # the last try returns or raises


def hold_address_of(line: Line, contact: Contact, *, may_make: bool) -> ContactAddress | None:
    """Return the address at which a line reaches a contact, with its locked contact.

    That is the one of their conversation, else the newest. If there is none and `may_make` is True,
    make one from a phone number of the contact. If somebody else has that number on this line, we
    write to them, because only a person may merge two contacts. Return None if the contact has no
    such number. Raises `ContactNotFound` if the contact was merged into another one.
    """
    if may_make and _used_address(line, contact) is None:
        person = _known_by_number(contact)
        if person is not None and address_of(line, person) is not None:
            return hold_address(line, person)
    held = lock_contact(contact.pk)
    if address := _used_address(line, held):
        return address
    person = _known_by_number(held)
    return make_address(line, person, contact=held) if may_make and person else None


def _known_by_number(contact: Contact) -> Person | None:
    phones = ContactAddress.objects.filter(contact=contact).exclude(phone="")
    known = phones.order_by("-pk").values_list("phone", flat=True).first()
    return Person(number=known, name=contact.name) if known else None


def _used_address(line: Line, contact: Contact) -> ContactAddress | None:
    """Return the address of a locked contact to which answers go on a line, or None."""
    talks = Conversation.objects.filter(contact=contact, line=line.uuid)
    mine = ContactAddress.objects.filter(contact=contact, line=line.uuid)
    address = mine.filter(pk__in=talks.values("address")).first() or mine.order_by("-pk").first()
    if address is not None:
        address.contact = contact
    return address


def address_of(line: Line, person: Person) -> ContactAddress | None:
    """Return the address of a person on a line, or None."""
    return next(iter(_addresses_of(line, person)), None)


@transaction.atomic
def make_address(
    line: Line,
    person: Person,
    *,
    contact: Contact | None = None,
    wrote_at: datetime | None = None,
) -> ContactAddress:
    """Give a locked contact, or a new one, the address of a person.

    Whoever has a key gets no number that was somebody else's after `wrote_at`. Raises
    `IntegrityError` if another transaction gave the address to somebody at the same moment.
    """
    number = digits_of(person.number)
    if number and person.provider_id:
        holders = ContactAddress.objects.filter(line=line.uuid, number=number)
        if wrote_at is not None and any(_has_kept(holder, wrote_at) for holder in holders):
            number = ""
        else:
            _free_number(holders)
    if contact is None:
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


def take_number(line: Line, address: ContactAddress, number: str, at: datetime) -> bool:
    """Take a number for the address of a locked contact from whoever had it before.

    They keep their history and their own key. False if they have no key, or if the number was
    theirs after `at`.
    """
    rows = ContactAddress.objects.filter(Q(number=number) | Q(pk=address.pk), line=line.uuid)
    # Locked in the order of their ids: two people may swap their numbers at the same moment.
    both = list(rows.order_by("pk").select_for_update(no_key=True))
    others = [row for row in both if row.pk != address.pk]
    if any(other.provider_id == "" or _has_kept(other, at) for other in others):
        return False
    _free_number(ContactAddress.objects.filter(pk__in=[other.pk for other in others]))
    return True


def _has_kept(holder: ContactAddress, at: datetime) -> bool:
    """Tell whether somebody got their number after that moment, or has written since."""
    return holder.got_number_after(at) or _has_written(holder, after=at)


def _free_number(holders: QuerySet[ContactAddress]) -> None:
    holders.exclude(provider_id="").update(number="", phone="", number_since=None)


def _locked(found: ContactAddress) -> ContactAddress | None:
    """Lock the contact of an address and return the address. None if it is no longer theirs.

    A contact that is merged into another one is deleted. So we hold no lock if we find none, and
    the caller can start again without breaking the order of locks.
    """
    contact = lock_contacts([found.contact_id]).get(found.contact_id)
    address = ContactAddress.objects.filter(pk=found.pk, contact=contact).first()
    if contact is None or address is None:
        return None
    address.contact = contact
    return address


def _addresses_of(
    line: Line, person: Person, wrote_at: datetime | None = None
) -> Sequence[ContactAddress]:
    """Return all addresses that can be a person's, the surest first."""
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
        # If an address has this number and another key, the number has changed hands. So it has if
        # the address got the number after the person wrote.
        rows = [
            row
            for row in rows
            if row.provider_id == person.provider_id
            or (row.provider_id == "" and not (wrote_at and row.got_number_after(wrote_at)))
        ]
    return sorted(rows, key=closeness)


def _is_split(known: Sequence[ContactAddress], person: Person) -> bool:
    """Tell whether one address has the person's key, and another one only their number."""
    is_keyed = bool(known) and known[0].provider_id != ""
    return is_keyed and person.provider_id != "" and len(known) > 1


def _join_split(line: Line, person: Person, wrote_at: datetime) -> None:
    known, _ = hold_together(lambda: _addresses_of(line, person, wrote_at)[:2])
    addresses = [address for address in known if address is not None]
    if _is_split(addresses, person):
        keyed, numbered = addresses
        replace_address(numbered, keyed)
        # Even if the message that told us came late, the number must go on leading to them.
        ContactAddress.objects.filter(pk=keyed.pk, number="").update(
            number=numbered.number, phone=numbered.phone, number_since=numbered.number_since
        )


def _learn(
    line: Line, address: ContactAddress, person: Person, *, wrote_at: datetime | None
) -> None:
    """Store what the provider says about a person now. Never clear what it leaves out.

    A message that comes late says how they were before, so it changes nothing of what we know.
    """
    number = digits_of(person.number)
    learnt: dict[str, object] = {}
    # What they wrote before they had this number may name their former number and key.
    is_former = wrote_at is not None and address.got_number_after(wrote_at)
    if person.provider_id and not address.provider_id and not is_former:
        learnt["provider_id"] = person.provider_id[:MAX_PROVIDER_ID_LENGTH]
    # We store what the provider wrote. What a member typed only finds the address.
    if wrote_at is not None and _is_told_anew(address, person, wrote_at):
        is_new = number not in {"", address.number} and not is_former
        if is_new and take_number(line, address, number, wrote_at):
            learnt |= {"number": number, "phone": e164(number)}
            if number not in spellings_of(address.number):
                learnt["number_since"] = min(wrote_at, timezone.now())
        if person.username:
            learnt["username"] = person.username[:MAX_USERNAME_LENGTH]
    if wrote_at is not None and _is_back(address, wrote_at):
        note_reachable(address.pk, wrote_at)
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


def _is_back(address: ContactAddress, wrote_at: datetime) -> bool:
    """Tell whether somebody who could not be reached has written since."""
    since = address.unreachable_since
    return since is not None and wrote_at > (address.reachable_told_at or since)


def _is_told_anew(address: ContactAddress, person: Person, wrote_at: datetime) -> bool:
    """Tell whether a message names a new number or username, and did not come late."""
    number, username = digits_of(person.number), person.username[:MAX_USERNAME_LENGTH]
    is_known = number in {"", address.number} and username in {"", address.username}
    return not is_known and not _has_written(address, after=wrote_at)


def _has_written(address: ContactAddress, *, after: datetime) -> bool:
    said = Message.objects.filter(address=address, direction=Direction.INBOUND)
    return said.filter(written_at__gt=after).exists()
