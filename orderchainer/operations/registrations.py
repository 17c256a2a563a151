"""What belongs to no single app: whole surfaces, and the pages of the service itself."""

from orderchainer.core.http.documented import GROUPS
from orderchainer.core.http.surfaces import (
    CHAIN,
    ENVELOPE,
    HUB,
    SHOP,
    register_prefixes,
)
from orderchainer.core.web.content_policy import allow

# Where no app has a path of its own, the chain answers, and under its version the hub.
register_prefixes(CHAIN, "/api")
register_prefixes(HUB, "/api/v1")

GROUPS.add(
    CHAIN.name, "Orders that depend on one another, and word of them in Discord."
)
GROUPS.add(HUB.name, "The merchants' order hub: projects, channels, reports.")
GROUPS.add(ENVELOPE.name, "Answers in an envelope, with camelCase names.")
GROUPS.add(SHOP.name, "The storefront: products, cart, checkout.")

# The admin's Alpine.js evaluates the expressions in its markup; its colours stand in the page.
allow(
    "/admin",
    script_src="'self' 'unsafe-eval'",
    style_src="'self' 'unsafe-inline'",
)
# Redoc writes its styles into the page and searches in a worker that it makes from a blob.
allow("/redoc", style_src="'self' 'unsafe-inline'", worker_src="blob:")
