"""What orders register with core; see `orderchainer.core.registry`."""

from accounts.scopes import AREAS
from catalog.pages.shop_links import SHOP_LINKS, ShopLink
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
from orderchainer.core.web.looks import LOOKS, Look
from orderchainer.core.web.navigation import NAVIGATION, Item
from orderchainer.core.web.panels import PANELS, Panel
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

SHOP_LINKS.add("shop-orders", ShopLink("package", place=10, told_to=lambda _user: ("Orders", 0)))
NAVIGATION.add(
    "order-board",
    # A phone shows one column at a time, and the list leads to it.
    Item("Board", "columns-3", "view_orders", place=10, key="b", on_phones=False),
)
NAVIGATION.add("orders", Item("Orders", "list", "view_orders", place=15, key="o"))

PANELS.add(("product-page", "product-orders"), Panel("Recent orders", "view_orders", place=10))

SECTIONS.add("orders", Section(place=10))

LOOKS.add(Status.DRAFT, Look("pencil", "slate"))
LOOKS.add(Status.PENDING, Look("clock", "amber"))
LOOKS.add(Status.ACTIVE, Look("play", "blue"))
LOOKS.add(Status.SHIPPED, Look("truck", "violet"))
LOOKS.add(Status.FULFILLED, Look("package-check", "teal"))
LOOKS.add(Status.COMPLETED, Look("check-check", "green"))
LOOKS.add(Status.FAILED, Look("triangle-alert", "red"))
LOOKS.add(Status.CANCELLED, Look("ban", "grey"))
# What the chain says of an order, besides its status.
LOOKS.add("waits", Look("hourglass", "amber"))
LOOKS.add("ready", Look("circle-check", "green"))
LOOKS.add("blocked", Look("octagon-alert", "red"))
