"""What orders declare: their paths, operations, area of scopes and types of events."""

from accounts.scopes import AREAS
from orderchainer.core.http.surfaces import CHAIN, ENVELOPE, register_prefixes
from orders import access  # noqa: F401 (registers its operations)
from orders.lifecycle import EventType
from orders.stream.types import register_types

register_prefixes(CHAIN, "/api/orders")
register_prefixes(ENVELOPE, "/api/order")

AREAS.add("orders", "orders, chains and their events, over REST and WebSocket")

register_types(EventType)
