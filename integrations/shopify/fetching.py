"""Asks a shop for orders: one of them, or page by page in the order of their last change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.shopify.admin_api import AdminApi
from integrations.shopify.mapping import ITEM_FIELDS, ORDER_FIELDS, items_of, order_of_node
from orderchainer.core.outbox import TryAgain
from orders.services import OutsideOrder

# Few orders have more items. A page of orders costs less if it holds fewer of them.
ITEMS_IN_PAGE = 25
MORE_ITEMS = 100

NO_PAGE = "Shopify's answer is not the page that it should be."

_ITEMS = f"{{ pageInfo {{ hasNextPage endCursor }} nodes {{ {ITEM_FIELDS} }} }}"
_ORDER = f"{ORDER_FIELDS} lineItems(first: {ITEMS_IN_PAGE}) {_ITEMS}"

ORDERS = f"""
query Orders($first: Int!, $after: String, $changed: String) {{
  orders(first: $first, after: $after, query: $changed, sortKey: UPDATED_AT) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{ {_ORDER} }}
  }}
}}
"""
ORDER = f"query Order($id: ID!) {{ order(id: $id) {{ {_ORDER} }} }}"
ITEMS = f"""
query Items($id: ID!, $after: String) {{
  order(id: $id) {{ lineItems(first: {MORE_ITEMS}, after: $after) {_ITEMS} }}
}}
"""
COUNT = "query Count($limit: Int!) { ordersCount(limit: $limit) { count } }"


@dataclass(frozen=True)
class Page:
    """Some orders as Shopify sent them, and where the next page begins."""

    nodes: Sequence[Mapping[str, Any]]
    # None after the last page.
    end: str | None
    # What Shopify charged for the page before it knew how many orders the page holds.
    cost: float


def changed_since(since: datetime | None) -> str | None:
    """Return the filter for orders that changed since then. Without a moment there is no filter."""
    if since is None:
        return None
    return f"updated_at:>='{since.astimezone(UTC).isoformat(timespec='seconds')}'"


def fetch_page(api: AdminApi, *, since: datetime | None, after: str | None, size: int) -> Page:
    """Return a page of orders, the least recently changed ones first."""
    variables = {"first": size, "after": after, "changed": changed_since(since)}
    reply = api.ask(ORDERS, variables)
    connection = _object(reply.data.get("orders"))
    nodes = connection.get("nodes")
    if not isinstance(nodes, list) or not all(isinstance(each, dict) for each in nodes):
        # It must not pass for a page without orders, because the sync would end there.
        raise TryAgain(NO_PAGE)
    return Page(nodes, _next(connection, after), reply.cost)


def has_more_orders_than(api: AdminApi, number: int) -> bool:
    """Tell whether the shop has more orders than `number`, as far as the app may see them."""
    reply = api.ask(COUNT, {"limit": number + 1})
    count = _object(reply.data.get("ordersCount")).get("count")
    return isinstance(count, int) and count > number


def fetch_order(api: AdminApi, order_id: int) -> OutsideOrder | None:
    """Return one order as it is now, or None if the shop has no such order.

    Raises `Unmappable`.
    """
    reply = api.ask(ORDER, {"id": f"gid://shopify/Order/{order_id}"})
    node = reply.data.get("order")
    return order_in(api, node) if isinstance(node, dict) else None


def order_in(api: AdminApi, node: Mapping[str, Any]) -> OutsideOrder:
    """Return the order in a node, with all its items. Raises `Unmappable`."""
    connection = _object(node.get("lineItems"))
    items = list(items_of(connection.get("nodes")))
    after = None
    while after := _next(connection, after):
        reply = api.ask(ITEMS, {"id": node.get("id"), "after": after})
        connection = _object(_object(reply.data.get("order")).get("lineItems"))
        items += items_of(connection.get("nodes"))
    return order_of_node(node, items, shop=api.shop)


def _next(connection: Mapping[str, Any], after: str | None) -> str | None:
    """Return where the next page begins, or None after the last one.

    Raises `TryAgain` if the page does not say, or names the place where it began itself.
    """
    info = connection.get("pageInfo")
    if not isinstance(info, dict):
        raise TryAgain(NO_PAGE)
    if not info.get("hasNextPage"):
        return None
    end = info.get("endCursor")
    if not isinstance(end, str) or not end or end == after:
        raise TryAgain(NO_PAGE)
    return end


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
