"""Webhook subscriptions by the API: list, create, change and delete them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from integrations.sandbox.shopify.executing import Arguments, Execution
from integrations.sandbox.shopify.paging import Page, number_in, page_of
from integrations.sandbox.shopify.records import Subscription
from integrations.sandbox.shopify.shop import Shop
from integrations.sandbox.shopify.webhooks import is_loopback


def subscriptions(shop: Shop, arguments: Arguments, execution: Execution) -> Page:
    """Find a page of subscriptions."""
    topics = arguments.get("topics")
    uri = arguments.get("uri") or arguments.get("callbackUrl")

    def node(id: int) -> Subscription | None:
        one = shop.subscriptions[id]
        is_other = (topics and one.enum not in topics) or (uri and one.uri != uri)
        return None if is_other else one

    entries = [(id, id) for id in sorted(shop.subscriptions)]
    return page_of(entries, arguments, execution, sort="ID", node=node)


def subscription(shop: Shop, arguments: Arguments, execution: Execution) -> Subscription | None:
    """Find one subscription."""
    return shop.subscriptions.get(number_in(arguments["id"], "WebhookSubscription"))


def create(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    """Subscribe a URL to a topic."""
    told = arguments["webhookSubscription"]
    topic = _topic(arguments["topic"])
    uri = told.get("uri") or told.get("callbackUrl") or ""
    problem = _problem_of_uri(shop, uri) or _problem_of_options(told)
    taken = ((one.topic, one.uri) for one in shop.subscriptions.values())
    if not problem and (topic, uri) in taken:
        problem = "Address for this topic has already been taken"
    needs_orders = topic.startswith(("orders/", "refunds/", "fulfillments/"))
    if not problem and needs_orders and "read_orders" not in shop.scopes:
        problem = (
            f"You do not have permission to create or update webhooks with {topic} topic. "
            "This topic usually requires one of the following scopes: read_orders"
        )
    if problem:
        return _refused(problem)
    id = next(shop.ids)
    made = Subscription(
        id,
        topic,
        uri,
        shop.now,
        shop.now,
        execution.version,
        name=told.get("name"),
        include_fields=told.get("includeFields") or [],
    )
    shop.subscriptions[id] = made
    return {"webhookSubscription": made, "userErrors": []}


def update(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    """Change a subscription."""
    found = subscription(shop, arguments, execution)
    if found is None:
        return _refused("Webhook subscription does not exist", ["id"])
    told = arguments["webhookSubscription"]
    uri = told.get("uri") or told.get("callbackUrl") or found.uri
    problem = _problem_of_uri(shop, uri) or _problem_of_options(told)
    if problem:
        return _refused(problem)
    found.uri = uri
    found.name = told.get("name", found.name)
    found.include_fields = told.get("includeFields", found.include_fields) or []
    found.updated_at = shop.now
    return {"webhookSubscription": found, "userErrors": []}


def delete(shop: Shop, arguments: Arguments, execution: Execution) -> Any:
    """Delete a subscription."""
    id = number_in(arguments["id"], "WebhookSubscription")
    if shop.subscriptions.pop(id, None) is None:
        error = {"field": ["id"], "message": "Webhook subscription does not exist"}
        return {"deletedWebhookSubscriptionId": None, "userErrors": [error]}
    return {"deletedWebhookSubscriptionId": arguments["id"], "userErrors": []}


def _refused(
    problem: str, field: "list[str] | tuple[str, ...]" = ("webhookSubscription", "callbackUrl")
) -> Any:
    return {
        "webhookSubscription": None,
        "userErrors": [{"field": list(field), "message": problem}],
    }


def _topic(enum: str) -> str:
    """Turn `ORDERS_PARTIALLY_FULFILLED` into `orders/partially_fulfilled`."""
    subject = "BULK_OPERATIONS" if enum.startswith("BULK_") else enum.partition("_")[0]
    return f"{subject}/{enum.removeprefix(subject + '_')}".lower()


def _problem_of_options(told: Mapping[str, Any]) -> str:
    if told.get("format") == "XML":
        return "Format is not emulated: ask for JSON"
    return "Filter is not emulated" if told.get("filter") else ""


def _problem_of_uri(shop: Shop, uri: str) -> str:
    parts = urlsplit(uri)
    if not parts.scheme or not parts.hostname:
        return "Address is invalid"
    if parts.scheme == "http" and not (shop.allows_http and is_loopback(parts.hostname)):
        return "Address protocol http:// is not supported"
    if parts.scheme not in ("http", "https"):
        return "Address is invalid"
    if parts.scheme == "https" and is_loopback(parts.hostname):
        return "Address cannot be localhost"
    return ""
