"""Every refusal that the cart raises."""

from orderchainer.core.errors import Conflict, NotFound


class CartItemNotFound(NotFound):
    """The cart has no such item."""

    code = "cart_item_not_found"
    default_message = "Cart item not found"


class CartFull(Conflict):
    """The cart has as many different products as one order can have items."""

    code = "cart_full"

    def __init__(self, most: int) -> None:
        super().__init__(f"A cart holds {most} different products, and yours is full.")


class OtherCurrency(Conflict):
    """The product is sold in another currency than the rest of the cart."""

    code = "other_currency"

    def __init__(self, product: str, its: str, cart: str) -> None:
        super().__init__(
            f"{product} is sold in {its}, but your cart is in {cart}. Order that first.",
        )
