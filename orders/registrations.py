"""What orders register with core; see `orderchainer.core.registry`."""

from accounts.scopes import AREAS
from orderchainer.core.admin.sections import SECTIONS, Section
from orderchainer.core.http.documented import THINGS, ErrorField, register_error_fields
from orderchainer.core.http.surfaces import (
    CHAIN,
    CHAIN_AND_SHOP,
    CHECKOUT,
    ENVELOPE,
    HUB,
    register_prefixes,
)
from orders import access  # noqa: F401 (registers its operations)
from orders.lifecycle import EventType, Status
from orders.stream.types import register_types

register_prefixes(CHAIN_AND_SHOP, "/api/orders")
register_prefixes(ENVELOPE, "/api/order")

AREAS.add("orders", "orders, chains and their events, over REST and WebSocket")

register_types(EventType)

THINGS.add("order", "The same orders, by their UUIDs.")
THINGS.add("orders", "Orders, what they wait for, and what happened to them.")
_FACTS = {
    "cycle": ErrorField(
        "ids",
        "The numbers of the orders on the cycle, in order, the first one again at the end.",
    ),
    "blockers": ErrorField("ids", "The numbers of the orders that hold this one up."),
    "dependents": ErrorField("ids", "The numbers of the orders that wait for this one."),
    "open_moves": ErrorField(
        "words",
        "The statuses that the order can take instead.",
        among=Status,
    ),
}
register_error_fields(HUB, **_FACTS)
register_error_fields(
    CHAIN,
    **_FACTS,
    # An order that takes its items from the stock again can find too little there.
    shortages=ErrorField(
        "objects",
        "The products with too little stock.",
        shown_by="catalog.api.hub.serializers.ShortageOutput",
    ),
)
register_error_fields(
    CHECKOUT, currencies=ErrorField("words", "The currencies that are in the cart.")
)

SECTIONS.add("orders", Section(place=10))
