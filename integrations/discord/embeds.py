"""Turns an event into the embed that shows it in Discord.

All limits are Discord's ("Message Resource", embed limits). We cut each part so short that all of
them together fit into one message: 256 + 1,400 + 4 * (20 + 1,024) + 40 + 60 < 6,000.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.discord.text import cut, is_visible, quoted
from orderchainer.core.moments import milliseconds
from orders.lifecycle import GONE_WRONG, EventType, Status
from orders.models import Order
from orders.stream.models import Event

TITLE_LENGTH = 256
DESCRIPTION_LENGTH = 1400
VALUE_LENGTH = 1024
# The most we quote of one title, name or value: enough to recognise it.
QUOTE_LENGTH = 300
CHANGE_LENGTH = 80
TOTAL_LENGTH = 30
LISTED_ORDERS = 8
# The longest line for one order, so that "and … more" still fits into the field.
LISTED_LENGTH = VALUE_LENGTH // (LISTED_ORDERS + 1)
LISTED_CHANGES = 8

COLOURS: Mapping[str, int] = {
    Status.DRAFT: 0x99AAB5,
    Status.PENDING: 0xFEE75C,
    Status.ACTIVE: 0x3498DB,
    Status.SHIPPED: 0x9B59B6,
    Status.FULFILLED: 0x1ABC9C,
    Status.COMPLETED: 0x57F287,
    Status.FAILED: 0xED4245,
    Status.CANCELLED: 0x4F545C,
}
HAPPENED: Mapping[str, str] = {
    EventType.CREATED: "created",
    EventType.UPDATED: "updated",
    EventType.READY: "is ready",
    EventType.BLOCKED: "is blocked",
    EventType.DEPENDENCY_WAIVED: "waits for one order less",
    EventType.DELETED: "deleted",
}
BECAME: Mapping[str, str] = {
    Status.DRAFT: "is a draft again",
    Status.PENDING: "is pending",
    Status.ACTIVE: "is active",
    Status.SHIPPED: "shipped",
    Status.FULFILLED: "fulfilled",
    Status.COMPLETED: "completed",
    Status.FAILED: "failed",
    Status.CANCELLED: "cancelled",
}
# Changes whose values we show. Customers, addresses and notes do not belong in a chat.
TOLD_VALUES = frozenset(
    {
        "title",
        "dependencies",
        "auto_activate",
        "failure_policy",
        "total_price",
        "currency",
        "ordered_at",
    }
)

# A source changes these along with a status or a total, which says more. Alone they are no news.
ASIDES = frozenset({"fulfilled_at", "source_details"})


@dataclass(frozen=True)
class Related:
    """The orders that an embed lists: all ids, and the first titles that its reader may see."""

    heading: str
    ids: Sequence[int]
    titles: Mapping[int, str]


@dataclass(frozen=True)
class Source:
    """The shop outside that an order comes from."""

    name: str
    # The order's number in that shop.
    title: str
    is_test: bool = False


@dataclass(frozen=True)
class Subject:
    """What an embed shows besides its event. It is read when the message is sent."""

    # Whose order it is. Not shown of an order from a shop outside, where it says nothing.
    owner: str
    source: Source | None = None
    # What the order waits for, or what blocks it. None if the order is gone.
    related: Related | None = None
    # Where the reader can open the order. Empty if it is gone.
    link: str = ""


def embed_of(event: Event, subject: Subject) -> dict[str, Any]:
    """Return the embed that shows `event`, which is about an order."""
    assert event.order_id is not None
    status = str(event.data["status"])
    title = str(event.data["title"])
    fields = [
        _field("Order", _numbered(event.order_id, title, subject.source)),
        _field("Status", status),
        _whose(subject),
    ]
    if "total_price" in event.data:
        total = f"{event.data['total_price']} {event.data['currency']}"
        fields.append(_field("Total", cut(total, TOTAL_LENGTH)))
    if subject.related:
        fields.append(_field(subject.related.heading, _list_of(subject.related), inline=False))
    embed: dict[str, Any] = {
        "title": cut(_headline(event, subject.source), TITLE_LENGTH),
        "description": cut("\n".join(_lines(event, subject.source)), DESCRIPTION_LENGTH),
        "color": COLOURS[status],
        "timestamp": milliseconds(event.created_at),
        "fields": fields,
        # With this id a reader can tell a repeated message from a second event.
        "footer": {"text": f"OrderChainer · event {event.event_id}"},
    }
    if subject.link:
        embed["url"] = subject.link
    return embed


def trial_embed(owner: str, now: datetime) -> dict[str, Any]:
    """Return the embed that shows that a webhook works."""
    return {
        "title": "OrderChainer is connected",
        "description": f"News of the orders of {quoted(owner, QUOTE_LENGTH)} will show up here.",
        "color": COLOURS[Status.COMPLETED],
        "timestamp": milliseconds(now),
        "footer": {"text": "OrderChainer · test"},
    }


def message_of(embed: Mapping[str, Any], *, username: str, avatar_url: str) -> dict[str, Any]:
    """Return the body to post. It pings nobody, whatever the embed contains."""
    message: dict[str, Any] = {
        "username": username,
        "embeds": [embed],
        "allowed_mentions": {"parse": []},
    }
    if avatar_url:
        message["avatar_url"] = avatar_url
    return message


def _numbered(order_id: int, title: str, source: Source | None) -> str:
    """Return the order's number, and its title or the number that its shop gave it."""
    if source is None or source.title != title or not is_visible(title):
        return _named(order_id, title, QUOTE_LENGTH)
    return f"{quoted(title, QUOTE_LENGTH)}, here #{order_id}"


def _whose(subject: Subject) -> dict[str, Any]:
    """Return the field that says whose order it is: a shop's, or a person's."""
    if subject.source is None:
        return _field("Owner", quoted(subject.owner, QUOTE_LENGTH))
    shop = subject.source.name
    return _field("Source", f"{shop}, a test order" if subject.source.is_test else shop)


def _headline(event: Event, source: Source | None) -> str:
    if event.type == EventType.STATUS_CHANGED:
        happened = BECAME[event.data["new_status"]]
    else:
        happened = HAPPENED[event.type]
    if source is None:
        return f"Order #{event.order_id} {happened}"
    number = source.title if is_visible(source.title) else f"#{event.order_id}"
    return quoted(f"{source.name} order {number} {happened}", TITLE_LENGTH)


def _lines(event: Event, source: Source | None) -> list[str]:
    data = event.data
    title = quoted(str(data["title"]), QUOTE_LENGTH)
    is_in_headline = source is not None and source.title == data["title"]
    lines = [f"**{title}**"] if is_visible(title) and not is_in_headline else []
    match event.type:
        case EventType.STATUS_CHANGED:
            lines.append(f"{data['old_status']} → {data['new_status']}")
        case EventType.UPDATED:
            lines += _changes(data["changes"], without=ASIDES if source else frozenset())
        case EventType.READY:
            lines.append("Nothing holds it up any more.")
        case EventType.BLOCKED:
            lines.append(_why_blocked(data.get("cause")))
        case EventType.DEPENDENCY_WAIVED:
            lines.append(f"It no longer waits for order #{data['dependency']}.")
    cause = data.get("cause")
    # The headline of a new order says where it comes from.
    if cause and event.type != EventType.CREATED:
        lines.append(_reason(cause))
    return lines


def _why_blocked(cause: Mapping[str, Any] | None) -> str:
    if cause is not None and cause["status"] not in GONE_WRONG:
        return "It waits for an order that was done and no longer is."
    return "It waits for an order that went wrong."


# What a source told, by the reason in the cause.
_TOLD: Mapping[str | None, str] = {
    "deleted": "deleted the order",
    "erased": "had the customer's data erased",
}


def source_name(provider: str) -> str:
    """Return the name of a source as people write it."""
    return str(dict(Order.Provider.choices).get(provider, provider))


def _reason(cause: Mapping[str, Any]) -> str:
    """Say what led to an event that no user caused: its source outside, or another order."""
    if source := cause.get("source"):
        who = source_name(source)
        return f"{who} {_TOLD.get(cause.get('reason'), 'told us so')}."
    return f"Because order #{cause['order_id']} {BECAME[cause['status']]}."


def _changes(changes: Mapping[str, Mapping[str, Any]], *, without: Collection[str]) -> list[str]:
    told = [(name, change) for name, change in changes.items() if name not in without]
    lines = [_change(name, change) for name, change in told[:LISTED_CHANGES]]
    if len(told) > LISTED_CHANGES:
        lines.append(f"and {len(told) - LISTED_CHANGES} more changes")
    return lines


def _change(name: str, change: Mapping[str, Any]) -> str:
    words = name.replace("_", " ")
    if name not in TOLD_VALUES:
        return f"{words} changed"
    return f"{words}: {_value(change['from'])} → {_value(change['to'])}"


def _value(value: object) -> str:
    match value:
        case None | "" | []:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return cut(", ".join(f"#{one}" for one in value), CHANGE_LENGTH)
    return quoted(str(value), CHANGE_LENGTH)


def _list_of(related: Related) -> str:
    lines = [
        _named(pk, related.titles.get(pk, ""), LISTED_LENGTH) for pk in related.ids[:LISTED_ORDERS]
    ]
    if len(related.ids) > LISTED_ORDERS:
        lines.append(f"and {len(related.ids) - LISTED_ORDERS} more")
    return "\n".join(lines) or "none"


def _named(order_id: int, title: str, most: int) -> str:
    return cut(f"#{order_id} {quoted(title, most)}".rstrip(), most)


def _field(name: str, value: str, *, inline: bool = True) -> dict[str, Any]:
    # Discord refuses the whole message for one field that shows nothing.
    value = value if is_visible(value) else "none"
    return {"name": name, "value": cut(value, VALUE_LENGTH), "inline": inline}
