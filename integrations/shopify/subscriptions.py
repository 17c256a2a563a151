"""The webhook subscriptions of a shop: which we want, which exist, and making the missing ones.

Shopify deletes a subscription when it could not deliver for four hours. So the schedule looks after
them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog
from django.conf import settings

from integrations.models import Integration
from integrations.shopify.admin_api import AdminApi
from integrations.shopify.bulk import forget_lines
from integrations.shopify.client import NoAccess
from integrations.shopify.models import ShopifyToken
from orderchainer.core.outbox import GiveUp

logger = structlog.get_logger(__name__)

# The privacy topics are missing here: Shopify lets nobody subscribe to them by its API. They are
# set in the app's settings.
TOPICS = (
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_PAID",
    "ORDERS_FULFILLED",
    "ORDERS_PARTIALLY_FULFILLED",
    "ORDERS_CANCELLED",
    "ORDERS_EDITED",
    "ORDERS_DELETE",
    "REFUNDS_CREATE",
    "APP_UNINSTALLED",
)
PAGE = 100

LIST = """
query Subscriptions($first: Int!, $after: String) {
  webhookSubscriptions(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id topic uri }
  }
}
"""
CREATE = """
mutation Subscribe($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    userErrors { field message }
  }
}
"""
DELETE = """
mutation Unsubscribe($id: ID!) {
  webhookSubscriptionDelete(id: $id) { userErrors { field message } }
}
"""


def receiver() -> str:
    """Return the URL that Shopify posts to, or nothing if it cannot reach us.

    Shopify posts to https only. An emulator that we call over http may post to us over http.
    """
    is_reachable = settings.PUBLIC_URL.startswith("https://")
    is_played = settings.SHOPIFY_API_BASE.startswith("http://")
    return f"{settings.PUBLIC_URL}/api/v1/webhooks/shopify" if is_reachable or is_played else ""


def maintain(integration: Integration) -> None:
    """Subscribe to the topics that no subscription of ours has.

    Raises `GiveUp` with Shopify's words if it refuses one, after trying the others.
    """
    url, api = receiver(), AdminApi(integration)
    if not url or not api.can_verify_webhooks:
        return
    there = {each.get("topic") for each in _ours(api, url)}
    refusals = []
    for topic in TOPICS:
        if topic in there:
            continue
        subscription = {"uri": url, "format": "JSON"}
        reply = api.ask(CREATE, {"topic": topic, "subscription": subscription})
        if words := _error_in(reply.data.get("webhookSubscriptionCreate")):
            refusals.append(f"{topic}: {words}")
        logger.info("shopify_subscribed", integration=integration.pk, topic=topic, error=words)
    if refusals:
        raise GiveUp(f"Shopify refused webhooks. {refusals[0]}")


def disconnect(integration: Integration, configuration: Mapping[str, str]) -> None:
    """Delete our subscriptions in the shop, and what we keep of it besides orders.

    The subscriptions stay if another project uses them: they belong to the app, the shop and the
    address, whichever integration made them.
    """
    ShopifyToken.objects.filter(integration=integration).delete()
    forget_lines(integration)
    others = Integration.objects.open().of_account(integration.provider, [integration.account])
    url = receiver()
    if not url or others.exclude(pk=integration.pk).exists():
        return
    try:
        api = AdminApi(integration, configuration)
        for each in list(_ours(api, url)):
            api.ask(DELETE, {"id": each.get("id")})
    except NoAccess:
        # The app was uninstalled, and its subscriptions are gone with it.
        logger.info("shopify_already_gone", integration=integration.pk)


def _ours(api: AdminApi, url: str) -> Iterator[Mapping[str, Any]]:
    """Return the subscriptions that lead to us."""
    after = None
    while True:
        reply = api.ask(LIST, {"first": PAGE, "after": after})
        page = reply.data.get("webhookSubscriptions") or {}
        nodes: Sequence[Mapping[str, Any]] = page.get("nodes") or []
        yield from (each for each in nodes if each.get("uri") == url)
        info = page.get("pageInfo") or {}
        after = info.get("endCursor")
        if not info.get("hasNextPage") or not after:
            return


def _error_in(payload: Mapping[str, Any] | None) -> str:
    """Return what Shopify found wrong in a mutation's input, or nothing."""
    errors = (payload or {}).get("userErrors") or []
    return str(errors[0].get("message") or "It gave no reason.") if errors else ""
