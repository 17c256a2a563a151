"""What the cart registers with core; see `orderchainer.core.registry`."""

from accounts.scopes import AREAS
from cart.pages.links import told_at_the_top
from catalog.pages.shop_links import SHOP_LINKS, ShopLink
from orderchainer.core.http.documented import THINGS
from orderchainer.core.http.surfaces import SHOP, register_prefixes

register_prefixes(SHOP, "/api/cart")

AREAS.add(
    "cart",
    "your cart in the storefront; to order what is in it, you need orders:write",
)

THINGS.add("cart", "What you have picked and not ordered yet.")

SHOP_LINKS.add("shop-cart", ShopLink("shopping-cart", place=20, told_to=told_at_the_top))
