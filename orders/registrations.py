"""What orders declare: their paths, their operations and their area of scopes."""

from accounts.scopes import AREAS
from orderchainer.core.http.surfaces import CHAIN, ENVELOPE, register_prefixes
from orders import access  # noqa: F401 (registers its operations)

register_prefixes(CHAIN, "/api/orders")
register_prefixes(ENVELOPE, "/api/order")

AREAS.add("orders", "orders, chains and their events, over REST and WebSocket")
