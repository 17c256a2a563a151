"""Every write to carts: one function for each thing that a customer or the checkout can do."""

from cart.services.checkout import (
    hold_cart_and_customer,
    lock_products_in_cart,
    take_from_cart,
)
from cart.services.items import (
    Precondition,
    add_item,
    change_item,
    clear_cart,
    remove_item,
)

__all__ = [
    "Precondition",
    "add_item",
    "change_item",
    "clear_cart",
    "hold_cart_and_customer",
    "lock_products_in_cart",
    "remove_item",
    "take_from_cart",
]
