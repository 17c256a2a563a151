"""Pages of a connection, and the cursors between them."""

import base64
import bisect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.shopify.executing import Arguments, Execution, Resolver
from integrations.sandbox.shopify.plans import MAX_PAGE, Refused

# The value by which an object is sorted, and its id.
Entry = tuple[Any, int]


@dataclass(frozen=True)
class Edge:
    """A node with its place."""

    node: Any
    cursor: str


@dataclass
class Page:
    """One page of a connection. `sort` and `entries` make its cursors."""

    nodes: Sequence[Any]
    entries: Sequence[Entry]
    sort: str
    has_next: bool
    has_previous: bool

    def cursor(self, number: int) -> str:
        """Return the cursor of one node."""
        value, id = self.entries[number]
        told = {"last_id": id, "last_value": value, "sort": self.sort}
        return base64.b64encode(json.dumps(told, separators=(",", ":")).encode()).decode()

    def edges(self) -> list[Edge]:
        """Return the nodes with their cursors."""
        return [Edge(node, self.cursor(number)) for number, node in enumerate(self.nodes)]


def _end(number: int) -> Resolver:
    return lambda page, arguments, execution: page.cursor(number) if page.nodes else None


# The fields that all connections, their pages and their edges have in common.
FIELDS: dict[str, Resolver] = {
    "cursor": lambda edge, arguments, execution: edge.cursor,
    "edges": lambda page, arguments, execution: page.edges(),
    "endCursor": _end(-1),
    "hasNextPage": lambda page, arguments, execution: page.has_next,
    "hasPreviousPage": lambda page, arguments, execution: page.has_previous,
    "node": lambda edge, arguments, execution: edge.node,
    "nodes": lambda page, arguments, execution: page.nodes,
    "pageInfo": lambda page, arguments, execution: page,
    "startCursor": _end(0),
}


def page_of(
    entries: Sequence[Entry],
    arguments: Arguments,
    execution: Execution,
    *,
    sort: str,
    node: Callable[[int], Any],
) -> Page:
    """Return one page of sorted entries. `node` returns None for an id that is filtered out.

    A cursor is a place in the sort order, not an index. An object that changes meanwhile may move
    past it.
    """
    first, last = _size(arguments, execution)
    low, high = 0, len(entries)
    after, before = arguments.get("after"), arguments.get("before")
    is_reversed = bool(arguments.get("reverse"))
    if is_reversed:
        after, before = before, after
    if after:
        low = bisect.bisect_right(entries, _position(after, sort))
    if before:
        high = bisect.bisect_left(entries, _position(before, sort))
    is_backwards = is_reversed != (first is None)
    places = range(high - 1, low - 1, -1) if is_backwards else range(low, high)
    size = first if first is not None else last or 0
    found: list[tuple[Entry, Any]] = []
    for place in places:
        one = node(entries[place][1])
        if one is not None:
            found.append((entries[place], one))
            if len(found) > size:
                break
    has_more, found = len(found) > size, found[:size]
    if first is None:
        found.reverse()
    return Page(
        [one for _, one in found],
        [entry for entry, _ in found],
        sort,
        has_next=has_more if first is not None else bool(arguments.get("before")),
        has_previous=has_more if first is None else bool(arguments.get("after")),
    )


def _size(arguments: Arguments, execution: Execution) -> tuple[int | None, int | None]:
    first, last = arguments.get("first"), arguments.get("last")
    if execution.is_bulk:
        return 10**9, None
    if first is None and last is None:
        raise Refused("you must provide one of first or last", "BAD_REQUEST")
    if first is not None and last is not None:
        raise Refused("providing both first and last is not supported", "BAD_REQUEST")
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 0 <= size <= MAX_PAGE:
            raise Refused(f"{name} must be between 0 and {MAX_PAGE}", "BAD_REQUEST")
    return first, last


def _position(cursor: str, sort: str) -> Entry:
    try:
        told = json.loads(base64.b64decode(cursor, validate=True))
        position = told["last_value"], int(told["last_id"])
    except (ValueError, KeyError, TypeError) as exc:
        raise Refused("Invalid cursor for current pagination sort.", "BAD_REQUEST") from exc
    if told.get("sort") != sort:
        raise Refused("Invalid cursor for current pagination sort.", "BAD_REQUEST")
    return position


def number_in(gid: str, kind: str) -> int:
    """Return the number in a global id of this kind. Raises Refused."""
    prefix = f"gid://shopify/{kind}/"
    number = gid.removeprefix(prefix).partition("?")[0]
    if not gid.startswith(prefix) or not number.isdigit():
        raise Refused("invalid id", "RESOURCE_NOT_FOUND")
    return int(number)
