"""What an API token may be good for: reading or writing, area by area.

A session is good for everything that its user may do; a token only for its scopes. It never gives more
than its user has: roles and ownership are asked besides.
"""

from collections.abc import Collection

READ, WRITE = "read", "write"

# Each with what it covers. A view names its area; what has none is for sessions alone: tokens neither
# make tokens nor end sessions.
AREAS = {
    "account": "your own name, e-mail, password, profile and activity",
    "projects": "projects, their members and invitations",
    "catalog": "categories, products and their stock",
    "cart": "your cart in the storefront; ordering what is in it asks for orders:write",
    "orders": "orders, chains and their events, over REST and WebSocket",
    "discord": "your Discord integration",
}
SCOPES = tuple(f"{area}:{right}" for area in AREAS for right in (READ, WRITE))

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def scope_for(area: str, method: str) -> str:
    """Return the scope that a request with that method asks for."""
    return f"{area}:{READ if method in SAFE_METHODS else WRITE}"


def covers(scopes: Collection[str], wanted: str) -> bool:
    """Tell whether `scopes` are enough: who may write in an area may read there."""
    area, _, right = wanted.partition(":")
    return wanted in scopes or (right == READ and f"{area}:{WRITE}" in scopes)
