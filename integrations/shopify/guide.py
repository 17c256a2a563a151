"""What pages tell people who connect a shop."""

from collections.abc import Mapping

from integrations.contracts import Guide, Need


def _pretend() -> Mapping[str, str]:
    # Only here, because a service with the real Shopify needs none of the sandbox.
    from integrations.sandbox.shopify import shopify_for_people

    shop = shopify_for_people().shop
    return {
        "api_key": shop.client_id,
        "api_secret": shop.client_secret,
        "shop_url": shop.domain,
    }


GUIDE = Guide(
    gives="Orders of your shop appear here within seconds and stay up to date.",
    at_hand="The address of your shop, and the client ID and secret of an app in it.",
    needs=(
        Need(
            "In Shopify's dev dashboard, create an app for your store. Under Versions, give it the "
            "scopes read_orders and read_customers, and release the version.",
            "https://dev.shopify.com/dashboard",
        ),
        Need("Install the app in the shop. App and shop must belong to the same organisation."),
        Need("Under Settings of the app, copy the client ID and the client secret."),
    ),
    address_for=(
        "We subscribe to the webhooks of orders for you. Only the three privacy webhooks are "
        "set by hand: give each of them this address in the app's settings."
    ),
    first_call="Order something in the shop.",
    synced="orders",
    synced_one="order",
    pretend=_pretend,
)
