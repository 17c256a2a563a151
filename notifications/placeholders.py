"""Placeholders in the texts of rules, such as `{order_number}`.

A text is searched for the names below and for nothing else. A value goes in as it is, and is not
searched again. So neither a text nor a value can reach anything but these values.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from accounts.models import Project
from orderchainer.core.money import for_people
from orders.lifecycle import Status
from orders.links import short_link
from orders.models import Order

# A whole placeholder, or a brace outside of one.
_PARTS = re.compile(r"\{[^{}]*\}|[{}]")
_SPACES = re.compile(r"\s+")
MAX_VALUE_LENGTH = 500


@dataclass(frozen=True)
class Subject:
    """What a text is about: the order, and the status that the customer is told of."""

    order: Order
    project: Project
    status: str
    # What we call the customer if the order has no name.
    customer: str = ""


PLACEHOLDERS: Mapping[str, Callable[[Subject], str]] = {
    "order_number": lambda about: number_of(about.order),
    "order_title": lambda about: about.order.title,
    "customer_name": lambda about: about.order.customer_name or about.customer,
    "status": lambda about: str(Status(about.status).label).lower(),
    "total": lambda about: (
        f"{for_people(about.order.total_price, about.order.currency)} {about.order.currency}"
    ),
    "link": lambda about: link_of(about.order),
    "project": lambda about: about.project.name,
}


def number_of(order: Order) -> str:
    """Return what people call an order: the number that its shop gave it, or our own."""
    return order.source_title or f"#{order.pk}"


def link_of(order: Order) -> str:
    """Return where the customer sees the order: at its own link, or in our shop.

    Empty for other orders, and for those whose link leads into the back office of a shop.
    """
    if order.is_mirrored:
        return ""
    is_ours = order.provider == Order.Provider.STOREFRONT
    return order.link or (short_link(order.pk) if is_ours else "")


def wrong_parts_of(text: str) -> Sequence[str]:
    """Return the parts in braces that are not placeholders, each once."""
    known = {f"{{{name}}}" for name in PLACEHOLDERS}
    return [part for part in dict.fromkeys(_PARTS.findall(text)) if part not in known]


def problem_with(text: str) -> str:
    """Say which parts of a text are not placeholders, and name those that exist; else empty."""
    wrong = wrong_parts_of(text)
    if not wrong:
        return ""
    shown = ", ".join(part if len(part) <= 50 else f"{part[:50]}…" for part in wrong[:5])
    exist = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    verb = "is no placeholder" if len(wrong) == 1 else "are no placeholders"
    return f"{shown} {verb}. These exist: {exist}."


def filled_in(text: str, about: Subject) -> str:
    """Return a text with the values of its placeholders, each on one line."""

    def value(found: re.Match[str]) -> str:
        write = PLACEHOLDERS.get(found[0][1:-1])
        return found[0] if write is None else one_line(write(about))

    return _PARTS.sub(value, text)


def empty_in(texts: Iterable[str], about: Subject) -> Sequence[str]:
    """Return the placeholders of these texts that have no value for this order."""
    used = {part[1:-1] for text in texts for part in _PARTS.findall(text)}
    return [f"{{{name}}}" for name in PLACEHOLDERS if name in used and not _value(name, about)]


def _value(name: str, about: Subject) -> str:
    return one_line(PLACEHOLDERS[name](about))


def one_line(text: str) -> str:
    """Return a text from outside as one line without characters that nobody sees."""
    seen = "".join(sign if sign.isprintable() else " " for sign in text)
    return _SPACES.sub(" ", seen).strip()[:MAX_VALUE_LENGTH]
