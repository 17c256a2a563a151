"""The scopes of an API token: reading or writing, area by area.

A session may do everything that its user may do; a token only what its scopes cover. A scope never
gives more rights than the user has: roles and ownership are checked as well.
"""

from collections.abc import Collection

from orderchainer.core.registry import Registry

READ, WRITE = "read", "write"

# Each area with a description of what it covers; the app that has the views registers it. A view
# names its area. A view without one requires a session: API tokens cannot create tokens or end
# sessions.
AREAS: Registry[str, str] = Registry("area of scopes")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def all_scopes() -> tuple[str, ...]:
    """Return all scopes, area by area."""
    return tuple(f"{area}:{right}" for area in AREAS for right in (READ, WRITE))


def scope_for(area: str, method: str) -> str:
    """Return the scope that a request with this method needs."""
    return f"{area}:{READ if method in SAFE_METHODS else WRITE}"


def covers(scopes: Collection[str], wanted: str) -> bool:
    """Tell whether `scopes` include what is wanted. Writing in an area includes reading there."""
    area, _, right = wanted.partition(":")
    return wanted in scopes or (right == READ and f"{area}:{WRITE}" in scopes)
