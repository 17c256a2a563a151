"""Every write to carts: one function for each thing that a customer or the checkout can do."""

from cart.services.checkout import (
    empty_cart,
    hold_cart_and_customer,
    lock_products_in_cart,
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
    "empty_cart",
    "hold_cart_and_customer",
    "lock_products_in_cart",
    "remove_item",
]
