"""Ways in which the cart can refuse."""

from orderchainer.core.errors import Conflict, Invalid, NotFound


class CartItemNotFound(NotFound):
    """The cart has no such item."""

    code = "cart_item_not_found"
    default_message = "Cart item not found"


class CartEmpty(Invalid):
    """Nothing can be ordered from an empty cart."""

    code = "cart_empty"

    def __init__(self) -> None:
        super().__init__({"cart": ["Your cart is empty."]}, "Your cart is empty.")


class CartFull(Conflict):
    """The cart has as many different products as one order can have lines."""

    code = "cart_full"

    def __init__(self, most: int) -> None:
        super().__init__(f"A cart holds {most} different products, and yours is full.")


class OtherCurrency(Conflict):
    """All that is in a cart is paid in one currency."""

    code = "other_currency"

    def __init__(self, product: str, its: str, cart: str) -> None:
        super().__init__(
            f"{product} is sold in {its}, and what is in your cart in {cart}. Order that first.",
        )
