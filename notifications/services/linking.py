"""Which order a customer's message is about."""

import re
from collections.abc import Collection, Sequence

from django.db.models import Q, QuerySet

from notifications.models import ChatInvitation, ContactAddress, Message
from notifications.numbers import spellings_of
from orderchainer.core.ids import MAX_ID
from orders.lifecycle import UNFINISHED
from orders.models import Order

# `#1001`, `EN1001`, `1001-A`, `1001`: what shops call their orders. Years and amounts look the
# same, so a name counts only if this customer has an order with it.
_NAMES = re.compile(r"#?[A-Za-z]{0,4}\d{1,18}(?:-[A-Za-z0-9]{1,4})?")
MAX_NAMES = 10


def order_meant_by(
    *, address: ContactAddress, content: str, reply_to: Message | None
) -> Order | None:
    """Return the order that a message is about, if that is clear.

    That is the order of the message that it answers; else this customer's order that the text
    names; else the customer's only unfinished order. Return None if none of these is clear.
    """
    if reply_to is not None and reply_to.order_id is not None:
        return reply_to.order
    orders = orders_of(address)
    if names := _names_in(content):
        named = list(orders.filter(_called(names)).order_by("-pk")[:2])
        if len(named) == 1:
            return named[0]
    unfinished = list(orders.filter(status__in=list(UNFINISHED)).order_by("-pk")[:2])
    return unfinished[0] if len(unfinished) == 1 else None


def orders_of(address: ContactAddress) -> QuerySet[Order]:
    """Return the project's orders with the customer's number, and those that we talked about.

    An invitation to write about an order counts as talking about it.
    """
    contact = address.contact
    talked_about = Message.objects.filter(
        conversation__contact=contact, order__isnull=False
    ).values("order_id")
    invited = ChatInvitation.objects.filter(contact=contact, order__isnull=False)
    mine = Q(pk__in=talked_about) | Q(pk__in=invited.values("order_id"))
    if spelt := _spelt(address):
        mine |= Q(customer_digits__in=spelt)
    return Order.objects.filter(mine, project=contact.project_id)


def _spelt(address: ContactAddress) -> Sequence[str]:
    digits = dict.fromkeys([*spellings_of(address.number), *spellings_of(address.phone)])
    return [*digits, *(f"00{each}" for each in digits)]


def _names_in(content: str) -> list[str]:
    return list(dict.fromkeys(_NAMES.findall(content)))[:MAX_NAMES]


def _called(names: Collection[str]) -> Q:
    bare = [name.removeprefix("#") for name in names]
    ids = [int(name) for name in bare if name.isascii() and name.isdigit() and int(name) <= MAX_ID]
    return (
        Q(pk__in=ids)
        | Q(title__in=[*bare, *(f"#{name}" for name in bare)])
        | Q(external_id__in=bare)
    )
