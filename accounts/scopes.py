"""What an API token may be good for: reading or writing, area by area.

A session is good for everything that its user may do; a token only for its scopes. It never gives more
than its user has: roles and ownership are asked besides.
"""

from collections.abc import Collection

from orderchainer.core.registry import Registry

READ, WRITE = "read", "write"

# Each area with what it covers; the app that has the views registers it. A view names its area. A view
# without one is for sessions alone: tokens neither make tokens nor end sessions.
AREAS: Registry[str, str] = Registry("area of scopes")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def all_scopes() -> tuple[str, ...]:
    """Return every scope that there is, area by area."""
    return tuple(f"{area}:{right}" for area in AREAS for right in (READ, WRITE))


def scope_for(area: str, method: str) -> str:
    """Return the scope that a request with that method asks for."""
    return f"{area}:{READ if method in SAFE_METHODS else WRITE}"


def covers(scopes: Collection[str], wanted: str) -> bool:
    """Tell whether `scopes` are enough: who may write in an area may read there."""
    area, _, right = wanted.partition(":")
    return wanted in scopes or (right == READ and f"{area}:{WRITE}" in scopes)
