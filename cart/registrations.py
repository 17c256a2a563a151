"""What the cart declares: its path and its area of scopes."""

from accounts.scopes import AREAS
from orderchainer.core.http.surfaces import SHOP, register_prefixes

register_prefixes(SHOP, "/api/cart")

AREAS.add(
    "cart",
    "your cart in the storefront; ordering what is in it asks for orders:write",
)
