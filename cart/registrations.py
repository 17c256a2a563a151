"""What the cart declares to the ground; see `orderchainer.core.registry`."""

from accounts.scopes import AREAS
from orderchainer.core.http.documented import THINGS
from orderchainer.core.http.surfaces import SHOP, register_prefixes

register_prefixes(SHOP, "/api/cart")

AREAS.add(
    "cart",
    "your cart in the storefront; ordering what is in it asks for orders:write",
)

THINGS.add("cart", "What you have picked and not ordered yet.")
