"""What queries find: orders, by page, by id and counted."""

from collections.abc import Callable, Mapping
from typing import Any

from integrations.sandbox.shopify.bulk import bulk_operation
from integrations.sandbox.shopify.executing import Arguments, Execution, Resolver
from integrations.sandbox.shopify.orders import Order
from integrations.sandbox.shopify.paging import Page, number_in, page_of
from integrations.sandbox.shopify.plans import Refused
from integrations.sandbox.shopify.search import read_search
from integrations.sandbox.shopify.shop import Shop
from integrations.sandbox.shopify.subscribing import subscription


def orders(shop: Shop, arguments: Arguments, execution: Execution) -> Page:
    """Find a page of orders."""
    _need(shop, "read_orders", "orders")
    matches = _filter(shop, arguments.get("query"), execution)
    sort = arguments.get("sortKey") or "PROCESSED_AT"

    def node(id: int) -> Order | None:
        order = shop.orders[id]
        return order if matches(order) else None

    return page_of(shop.sorted_by(sort), arguments, execution, sort=sort, node=node)


def _filter(shop: Shop, text: str | None, execution: Execution) -> Callable[[Order], bool]:
    if not text:
        return shop.shows
    search = read_search(text)
    if search.warnings:
        execution.searches.append(
            {"path": list(execution.path), "query": text, "warnings": search.warnings}
        )
    newest = shop.clock() - shop.index_lag_seconds

    def matches(order: Order) -> bool:
        is_indexed = not shop.index_lag_seconds or order.updated_at.timestamp() <= newest
        return is_indexed and search.matches(order) and shop.shows(order)

    return matches


def orders_count(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    """Count orders, up to a limit."""
    _need(shop, "read_orders", "ordersCount")
    matches = _filter(shop, arguments.get("query"), execution)
    limit = arguments.get("limit", 10_000)
    count = sum(map(matches, shop.orders.values()))
    if limit is not None and count > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": count, "precision": "EXACT"}


def order(shop: Shop, arguments: Arguments, execution: Execution) -> Order | None:
    """Find one order."""
    _need(shop, "read_orders", "order")
    found = shop.orders.get(number_in(arguments["id"], "Order"))
    return found if found and shop.shows(found) else None


def node(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    """Find an object of any kind by its id."""
    kind = str(arguments["id"]).removeprefix("gid://shopify/").partition("/")[0]
    finders: Mapping[str, Resolver] = {
        "Order": order,
        "BulkOperation": bulk_operation,
        "WebhookSubscription": subscription,
    }
    if kind not in finders:
        raise Refused("invalid id", "RESOURCE_NOT_FOUND")
    return finders[kind](shop, arguments, execution)


def _need(shop: Shop, scope: str, field_name: str) -> None:
    if scope not in shop.scopes:
        required = f"`{scope}` access scope."
        raise Refused(
            f"Access denied for {field_name} field. Required access: {required}",
            "ACCESS_DENIED",
            documentation="https://shopify.dev/api/usage/access-scopes",
            requiredAccess=required,
        )
