"""An answer as pages show it: text, in which only names of orders become links."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import Project
from integrations.assistant.pages.talk import Exchange
from orders.pages.shown import order_address
from orders.queries import titles_in_project

# How many orders are named below an answer.
MAX_NAMED = 6


@dataclass(frozen=True)
class ShownExchange:
    """A question and its answer. `orders` are pairs of words and an address, `more` the others."""

    question: str
    answer: SafeString
    orders: Sequence[tuple[str, str]]
    more: int


def shown_exchanges(
    project: Project, exchanges: Sequence[Exchange], *, may_see_orders: bool
) -> list[ShownExchange]:
    """Return exchanges as a page of the project shows them. Takes one statement."""
    numbers = {source.number for each in exchanges for source in each.orders}
    titles = titles_in_project(project, numbers) if may_see_orders and numbers else {}
    return [_shown(project, each, titles) for each in exchanges]


def _shown(project: Project, exchange: Exchange, titles: Mapping[int, str]) -> ShownExchange:
    found = [source for source in exchange.orders if source.number in titles]
    numbers = list(dict.fromkeys(source.number for source in found))
    named: dict[str, set[int]] = {}
    for source in found:
        named.setdefault(source.name, set()).add(source.number)
    # A name of two orders could mean either, so it stays text.
    addresses = {
        name: order_address(project, number)
        for name, each in named.items()
        for number in each
        if name.startswith("#") and len(each) == 1
    }
    return ShownExchange(
        question=exchange.question,
        answer=linked(exchange.answer, addresses),
        orders=[
            (f"#{number} {titles[number]}", order_address(project, number))
            for number in numbers[:MAX_NAMED]
        ],
        more=max(0, len(numbers) - MAX_NAMED),
    )


def linked(text: str, addresses: Mapping[str, str]) -> SafeString:
    """Return a text as HTML, escaped, with a link at each of these names."""
    if not addresses:
        return escape(text)
    # The longest first, so that #12 does not win over #12-B.
    names = "|".join(re.escape(name) for name in sorted(addresses, key=len, reverse=True))
    parts = re.split(rf"(?<![\w#&])({names})(?!\w|-\w)", text)
    # What the group has matched stands at odd places.
    pieces = (
        format_html('<a href="{}">{}</a>', addresses[part], part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )
    return format_html_join("", "{}", ((piece,) for piece in pieces))
