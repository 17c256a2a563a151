"""Registrations that belong to no single app: the surfaces, and the service's own pages."""

from orderchainer.core.http.documented import GROUPS
from orderchainer.core.http.surfaces import (
    CHAIN,
    ENVELOPE,
    HUB,
    SHOP,
    register_prefixes,
)
from orderchainer.core.web import security  # noqa: F401 (it registers)
from orderchainer.core.web.content_policy import allow
from orderchainer.core.web.live import socket_origin

# Paths that no app has registered belong to the chain, and under the version prefix to the hub.
register_prefixes(CHAIN, "/api")
register_prefixes(HUB, "/api/v1")

GROUPS.add(CHAIN.name, "Orders that depend on one another, and news of them in Discord.")
GROUPS.add(HUB.name, "The merchants' order hub: projects, channels, reports.")
GROUPS.add(ENVELOPE.name, "Answers in an envelope, with camelCase names.")
GROUPS.add(SHOP.name, "The storefront: products, cart, checkout.")

# The workspace follows its project's events.
allow("/app", connect_src=f"'self' {socket_origin()}")
# Customers follow their orders.
allow("/shop/", connect_src=f"'self' {socket_origin()}")
# The admin's Alpine.js evaluates expressions in the markup, and its colours are inline styles.
allow(
    "/admin",
    script_src="'self' 'unsafe-eval'",
    style_src="'self' 'unsafe-inline'",
)
# Redoc uses inline styles, and a worker from a blob for its search.
allow("/redoc", style_src="'self' 'unsafe-inline'", worker_src="blob:")
