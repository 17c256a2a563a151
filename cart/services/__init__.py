"""Every write of the cart: one function for each thing that a customer or the checkout can do."""

from cart.services.checkout import ClaimedCart, claim_cart
from cart.services.items import add_item, change_item, clear_cart, remove_item

__all__ = [
    "ClaimedCart",
    "add_item",
    "change_item",
    "claim_cart",
    "clear_cart",
    "remove_item",
]
