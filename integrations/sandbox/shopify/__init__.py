"""An emulated Shopify."""

from integrations.sandbox.shopify.emulator import Shopify, shopify_for_people
from integrations.sandbox.shopify.records import Bucket, Mishap, Subscription
from integrations.sandbox.shopify.seeding import LONG_ORDER_LINES, seed
from integrations.sandbox.shopify.shop import Shop
from integrations.sandbox.shopify.shops import DEMO_SHOP
from integrations.sandbox.shopify.webhooks import Attempt, Delivery, send, signature

__all__ = [
    "DEMO_SHOP",
    "LONG_ORDER_LINES",
    "Attempt",
    "Bucket",
    "Delivery",
    "Mishap",
    "Shop",
    "Shopify",
    "Subscription",
    "seed",
    "send",
    "shopify_for_people",
    "signature",
]
