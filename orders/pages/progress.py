"""How a customer's order gets on, in plain words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import User
from catalog.pages.shop_shown import picture_path, product_address
from catalog.queries.pictures import Glimpse
from orderchainer.core.db.prepared import Row
from orderchainer.core.web.looks import LOOKS, UNKNOWN
from orders.lifecycle import GONE_WRONG, EventType, Status
from orders.pages.history import Entry
from orders.stream.models import Event

# What a customer reads for each status.
WORDS = {
    Status.DRAFT: "Received",
    Status.PENDING: "Received",
    Status.ACTIVE: "Being prepared",
    Status.SHIPPED: "Shipped",
    Status.FULFILLED: "Delivered",
    Status.COMPLETED: "Delivered",
    Status.FAILED: "Stopped",
    Status.CANCELLED: "Cancelled",
}
# The steps of an order that goes well, with an icon.
STEPS = (
    ("Received", "check"),
    ("Being prepared", "package"),
    ("Shipped", "truck"),
    ("Delivered", "package-check"),
)
_PLACE = {words: place for place, (words, _) in enumerate(STEPS)}
# What the history says of a move.
_MOVES = {
    Status.PENDING: "The order is waiting to be prepared",
    Status.ACTIVE: "The order is being prepared",
    Status.SHIPPED: "The order is on its way to you",
    Status.FULFILLED: "The order was delivered",
    Status.COMPLETED: "The order is completed",
    Status.FAILED: "Something went wrong with the order",
    Status.CANCELLED: "The order was cancelled",
}
# The changes that concern a customer.
_CHANGES = {
    "shipping_address": "the address",
    "phone_number": "the phone number",
    "notes": "the notes",
    "items": "the products",
    "total_price": "the total",
}


def words_for(status: str) -> str:
    """Return what a customer reads for a status."""
    return WORDS[Status(status)]


@dataclass(frozen=True)
class Step:
    """A step of the progress. `state` is `past`, `current`, `ended` or `coming`."""

    words: str
    icon: str
    state: str
    at: datetime | None


def steps_of(row: Row, events: Sequence[Event]) -> list[Step]:
    """Return the steps of an order: those behind it with their time, and those to come.

    An order that was cancelled or failed shows how far it came, and that it ended.
    """
    times = _times_in(events)
    status = Status(row["status"])
    if status in GONE_WRONG:
        reached = [words for words, _ in STEPS[:-1] if words in times] or [STEPS[0][0]]
        steps = [Step(words, "check", "past", times.get(words)) for words in reached]
        icon = LOOKS.get(status, UNKNOWN).icon
        return [*steps, Step(WORDS[status], icon, "ended", row["status_changed_at"])]
    now = _PLACE[WORDS[status]]
    return [
        Step(
            words,
            "check" if place < now else icon,
            "past" if place < now else "current" if place == now else "coming",
            times.get(words) if place <= now else None,
        )
        for place, (words, icon) in enumerate(STEPS)
    ]


def _times_in(events: Sequence[Event]) -> dict[str, datetime]:
    """Return when the order came to each step last. `events` are newest first."""
    times: dict[str, datetime] = {}
    for event in events:
        if event.type == EventType.CREATED:
            times.setdefault(STEPS[0][0], event.created_at)
        elif event.type == EventType.STATUS_CHANGED:
            times.setdefault(words_for(event.data["new_status"]), event.created_at)
    return times


def story_of(events: Sequence[Event], customer: User, shop: str) -> Iterator[Entry]:
    """Yield what happened, newest first, as far as it concerns the customer.

    Members of the shop stay unnamed.
    """
    for event in events:
        if words := _words_of(event):
            look = LOOKS.get(str(event.data.get("new_status", Status.PENDING)), UNKNOWN)
            by = "You" if event.actor_id == customer.pk else shop if event.actor_id else ""
            yield Entry(look.icon, look.hue, words, by, event.created_at)


def _words_of(event: Event) -> str:
    if event.type == EventType.CREATED:
        return "The order was placed"
    if event.type == EventType.STATUS_CHANGED:
        return _MOVES.get(event.data["new_status"], "")
    if event.type == EventType.UPDATED:
        changed = [words for name, words in _CHANGES.items() if name in event.data["changes"]]
        return f"Changed: {', '.join(changed)}" if changed else ""
    return ""


@dataclass(frozen=True)
class PurchasedLine:
    """An item of the order. Without a `url` the product is no longer sold."""

    name: str
    quantity: int
    total: Decimal
    picture: str
    url: str


def line_of(line: Mapping[str, Any], glimpses: Mapping[int, Glimpse]) -> PurchasedLine:
    """Return an item with the picture of its product."""
    glimpse = glimpses.get(line["product_id"])
    return PurchasedLine(
        name=line["name"],
        quantity=line["quantity"],
        total=Decimal(line["unit_price"]) * line["quantity"],
        picture=picture_path(glimpse.picture) if glimpse else "",
        url=product_address(line["product_id"]) if glimpse and glimpse.is_on_sale else "",
    )
