"""Invitations: links that open a chat and tell us which customer has followed them."""

import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from notifications.channels import CHANNELS, Line, Person
from notifications.models import ChatInvitation, Contact, ContactAddress, MergedContact
from notifications.numbers import spellings_of
from notifications.services.contacts import address_of, hold_together, make_address, starting_over
from notifications.services.merging import join_contacts
from orders.locks import keep_order
from orders.models import Order

COUNTS_FOR = timedelta(days=3)

# A token is, in base64: the contact and the order (0: none), when the token ends, a random number
# that tells two tokens apart, and a signature. It has 54 characters; Telegram takes 64.
_CLAIMS = struct.Struct(">QQII")
_SIGNATURE_BYTES = 16


def invite(*, line: Line, contact: Contact | None = None, order: Order | None = None) -> str:
    """Return the link by which a contact, or the customer of an order, opens the chat.

    The link works once, within three days. Without a contact and an order it leads to the chat and
    names nobody. Return an empty text if the channel has no such links. This writes nothing, so
    the link also works if a refusal that names it rolls everything back.
    """
    channel = CHANNELS.get(line.channel)
    if channel is None or channel.invitation is None:
        return ""
    if contact is None and order is None:
        return channel.invitation(line.uuid, "")
    claims = _CLAIMS.pack(
        contact.pk if contact else 0,
        order.pk if order else 0,
        int((timezone.now() + COUNTS_FOR).timestamp()),
        secrets.randbits(32),
    )
    token = urlsafe_b64encode(claims + _signature(line, claims)).decode().rstrip("=")
    return channel.invitation(line.uuid, token)


@transaction.atomic
def accept_invitation(*, line: Line, token: str, person: Person) -> bool:
    """Tie a person who followed an invitation to the contact that it names.

    If that contact was merged into another one, tie them to the other one. Return False if the
    token is not ours, is too old, or was used by somebody else. Return True if the same person uses
    it again. Records `conversation_changed` if two contacts become one and the person had a
    conversation already.
    """
    claims = _claims_in(line, token)
    if claims is None:
        return False
    return starting_over(lambda: _accept(line, claims, person))


def _accept(line: Line, claims: bytes, person: Person) -> bool:
    contact_id, order_id, until, _random = _CLAIMS.unpack(claims)
    order = Order.objects.filter(pk=order_id, project=line.project_id).first()
    if order is not None and not keep_order(order.pk):
        # Somebody deleted it just now.
        order = None

    def named() -> int | None:
        return _contact_now(line, contact_id) or (_customer_of(order) if order else None)

    # If the same person's call comes twice at once, the second one waits here. Between two people
    # the unique digest decides.
    (address,), contact = hold_together(lambda: [address_of(line, person)], named=named)
    # Several texts can spell the same token, so we recognise it by what it says.
    digest = sha256(claims).hexdigest()
    used = ChatInvitation.objects.filter(digest=digest).first()
    if used is not None:
        return address is not None and used.address_id == address.pk
    if until <= timezone.now().timestamp():
        return False
    address = address or make_address(line, person, contact=contact)
    contact = contact or address.contact
    ChatInvitation.objects.create(
        digest=digest, line=line.uuid, contact=contact, order=order, address=address
    )
    if address.contact_id != contact.pk:
        join_contacts(contact, address.contact, by=None)
    return True


def _claims_in(line: Line, token: str) -> bytes | None:
    """Return the signed claims of a token that we made for this line, else None."""
    try:
        signed = urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
    except ValueError:
        return None
    claims, signature = signed[: _CLAIMS.size], signed[_CLAIMS.size :]
    if len(claims) < _CLAIMS.size or not constant_time_compare(signature, _signature(line, claims)):
        return None
    return claims


def _signature(line: Line, claims: bytes) -> bytes:
    salt = f"notifications.invitation.{line.uuid}"
    return salted_hmac(salt, claims, algorithm="sha256").digest()[:_SIGNATURE_BYTES]


def _contact_now(line: Line, contact_id: int) -> int | None:
    """Return the id of an invited contact, or of the one that it was merged into since then."""
    merged = MergedContact.objects.filter(former_id=contact_id).values_list("contact_id", flat=True)
    now = Contact.objects.filter(pk=merged.first() or contact_id, project=line.project_id)
    return now.values_list("pk", flat=True).first()


def _customer_of(order: Order) -> int | None:
    """Return the id of the contact that has an order's phone number."""
    if not (spelt := spellings_of(order.customer_digits)):
        return None
    addresses = ContactAddress.objects.filter(contact__project=order.project_id, number__in=spelt)
    return addresses.order_by("pk").values_list("contact_id", flat=True).first()
