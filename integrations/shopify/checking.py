"""Asks a shop whether the configuration of an integration works, and what it allows."""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.contracts import Checked, CheckRefused
from integrations.models import Integration
from integrations.shopify.admin_api import AdminApi
from integrations.shopify.client import Reply
from integrations.shopify.subscriptions import receiver
from orderchainer.core.outbox import GiveUp

QUERY = """
query Check {
  shop { myshopifyDomain }
  currentAppInstallation { accessScopes { handle } }
}
"""
# The order shows whether we may see data about customers. Most shops have one order at least.
CUSTOMER_QUERY = """
query CheckCustomers {
  orders(first: 1) { nodes { email phone customer { firstName } shippingAddress { city } } }
}
"""

ONLY_60_DAYS = (
    "Shopify shows this app only the orders of the last 60 days. The first sync brings no older "
    "ones. To see all, ask Shopify for the scope read_all_orders."
)
NO_CUSTOMERS = (
    "Shopify hides customers' names, addresses and contacts from this app. Ask Shopify for access "
    "to protected customer data in the app's settings."
)
NO_SECRET = (
    "Without api_secret we cannot verify Shopify's webhooks. Orders arrive by sync only, every "
    "few minutes."
)
NO_ADDRESS = (
    "Shopify cannot send webhooks to this service, because PUBLIC_URL is not https. Orders arrive "
    "by sync only, every few minutes."
)


def check(integration: Integration) -> Checked:
    """Ask the shop with the configuration. Raises `CheckRefused`, and `TryAgain`."""
    try:
        api = AdminApi(integration)
        reply = api.ask(QUERY)
        scopes = _scopes_in(reply.data)
        if not scopes & {"read_orders", "write_orders"}:
            raise CheckRefused(
                "The app may not read orders. Give it the scope read_orders and install it again."
            )
        sample = api.ask(CUSTOMER_QUERY)
    except GiveUp as exc:
        raise CheckRefused(str(exc)) from exc
    domain = _domain_in(reply.data)
    if domain and domain != integration.account:
        # Webhooks name the shop by its own domain, so we would not find the integration.
        raise CheckRefused(f"The shop's own address is {domain}. Connect it with that shop_url.")
    return Checked(tuple(_notes(api, scopes, sample)))


def _notes(api: AdminApi, scopes: frozenset[str], sample: Reply) -> Iterator[str]:
    if "read_all_orders" not in scopes:
        yield ONLY_60_DAYS
    if sample.hides_customers:
        yield NO_CUSTOMERS
    if not api.can_verify_webhooks:
        yield NO_SECRET
    elif not receiver():
        yield NO_ADDRESS


def _scopes_in(data: Mapping[str, Any]) -> frozenset[str]:
    installation = data.get("currentAppInstallation") or {}
    return frozenset(each.get("handle", "") for each in installation.get("accessScopes") or [])


def _domain_in(data: Mapping[str, Any]) -> str:
    return str((data.get("shop") or {}).get("myshopifyDomain") or "").lower()
