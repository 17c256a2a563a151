"""Who the customer of an order is, and over which channels we can write to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from notifications.channels import CHANNELS, lines_of
from notifications.models import (
    ChatInvitation,
    Contact,
    ContactAddress,
    Conversation,
    Message,
    NotificationRule,
    StoppedAddress,
)
from notifications.models.rules import ANY_CHANNEL, EMAIL
from notifications.numbers import is_number, spellings_of
from notifications.services.sending import Recipient
from notifications.services.stopping import digest_of_address
from orders.models import Order


@dataclass(frozen=True)
class Customer:
    """The customer of an order, as far as we know them.

    One person may be several contacts, one for each channel.
    """

    contacts: Sequence[Contact]
    name: str
    # With the country's code; else empty.
    phone: str
    email: str
    # They asked for no more messages, in a chat or by the link in an e-mail. Also True if the
    # contact who asked may be the customer, but may be somebody else.
    has_stopped: bool

    @property
    def is_blocked(self) -> bool:
        """Whether somebody here has blocked them."""
        return any(contact.is_blocked for contact in self.contacts)


@dataclass(frozen=True)
class Way:
    """One way to reach a customer: over a channel with its recipient, or by e-mail."""

    channel: str
    recipient: Recipient


def customer_of(order: Order) -> Customer:
    """Return the customer of an order."""
    phone = order.customer_phone or order.phone_number
    # Without the country's code we would write to somebody else.
    has_code = phone.strip().startswith(("+", "00")) and is_number(phone)
    contacts, doubtful = _contacts_of(order, has_code=has_code)
    has_stopped = any(contact.stopped_at is not None for contact in [*contacts, *doubtful])
    return Customer(
        contacts=contacts,
        name=order.customer_name or next((each.name for each in contacts if each.name), ""),
        phone=phone if has_code else "",
        email=order.customer_email,
        has_stopped=has_stopped or _is_stopped(order.project_id, order.customer_email),
    )


def ways_to(customer: Customer, rule: NotificationRule) -> Sequence[Way]:
    """Return the ways to reach a customer that a rule allows, the best one first.

    That is the chat in which we talked last, then other addresses that we know, then the phone
    number of the order, then e-mail.
    """
    ways: dict[str, Way] = {}
    for contact, channel in _chats_with(customer, rule):
        ways.setdefault(channel, Way(channel, Recipient(contact_id=contact.uuid)))
    if customer.phone:
        to_number = Recipient(phone=customer.phone, name=customer.name)
        for channel in _channels_of(rule):
            if not CHANNELS[channel].needs_contact:
                ways.setdefault(channel, Way(channel, to_number))
    if customer.email:
        ways[EMAIL] = Way(EMAIL, Recipient())
    if rule.channel == ANY_CHANNEL:
        return list(ways.values())
    return [ways[rule.channel]] if rule.channel in ways else []


def no_way_to(rule: NotificationRule) -> str:
    """Say why `ways_to` has found nothing."""
    if rule.channel == ANY_CHANNEL:
        return (
            "The customer has not written to you, and the order has neither a phone number with "
            "its country's code nor an e-mail address that could be used."
        )
    if rule.channel == EMAIL:
        return "The order has no e-mail address."
    channel = CHANNELS.get(rule.channel)
    if channel is None:
        return f"There is no channel {rule.channel} any more."
    if channel.needs_contact:
        return f"The customer has not written on {channel.label}."
    return "The order has no phone number with its country's code."


def _channels_of(rule: NotificationRule) -> Sequence[str]:
    if rule.channel in CHANNELS:
        return [rule.channel]
    used = dict.fromkeys(line.channel for line in lines_of(rule.project))
    return [name for name in used if name in CHANNELS]


def _chats_with(customer: Customer, rule: NotificationRule) -> Sequence[tuple[Contact, str]]:
    """Return contacts, each with a channel on which we can reach them, the last active first."""
    by_id = {contact.pk: contact for contact in customer.contacts}
    if not by_id:
        return []
    here = {"contact__in": by_id, "line__in": [line.uuid for line in lines_of(rule.project)]}
    if rule.line is not None:
        here["line__in"] = [rule.line]
    talks = Conversation.objects.filter(**here).order_by("-last_activity_at")
    addresses = ContactAddress.objects.filter(**here).order_by("-pk")
    found = [
        *talks.values_list("contact_id", "channel"),
        *addresses.values_list("contact_id", "channel"),
    ]
    return [(by_id[pk], channel) for pk, channel in found]


def _contacts_of(order: Order, *, has_code: bool) -> tuple[Sequence[Contact], Sequence[Contact]]:
    """Return the contacts that are the customer of an order, and those that may be.

    The customer is everybody who has the order's phone number or followed an invitation that names
    the order. If there is nobody, it is the only contact with whom the order was talked about: two
    of them may be two people, for example the customer and a carrier.

    Of two kinds of contacts we cannot be sure. If the order's number has no country's code, a
    contact with the same digits may live in another country. If it has one, a contact with another
    number who talked about the order may be a carrier.
    """
    spelt = spellings_of(order.customer_digits)
    sure: set[int] = set(
        ChatInvitation.objects.filter(order=order).values_list("contact_id", flat=True)
    )
    doubtful: set[int] = set()
    if spelt:
        lines = [line.uuid for line in lines_of(order.project)]
        addresses = ContactAddress.objects.filter(line__in=lines, number__in=spelt)
        with_number = addresses.values_list("contact_id", flat=True)
        (sure if has_code else doubtful).update(with_number)
    if not sure:
        talked = Message.objects.filter(order=order).values_list(
            "conversation__contact_id", flat=True
        )
        found = set(talked.order_by().distinct()[:2])
        if len(found) == 1:
            others = ContactAddress.objects.filter(contact__in=found).exclude(number="")
            is_other = has_code and others.exclude(number__in=spelt).exists()
            (doubtful if is_other else sure).update(found)
    known = Contact.objects.filter(pk__in=sure | doubtful, project=order.project_id).order_by("pk")
    contacts = list(known)
    return (
        [contact for contact in contacts if contact.pk in sure],
        [contact for contact in contacts if contact.pk not in sure],
    )


def _is_stopped(project_id: int, email: str) -> bool:
    digest = digest_of_address(email)
    stopped = StoppedAddress.objects.filter(project=project_id, digest=digest)
    return bool(email) and stopped.exists()
