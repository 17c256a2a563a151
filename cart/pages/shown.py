"""A cart as pages show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from cart.queries import CartContents, Line
from catalog.pages.shop_shown import picture_path, product_address


@dataclass(frozen=True)
class ShownLine:
    """A product in the cart. `problem` says why it cannot be ordered as it is."""

    item_id: int
    name: str
    url: str
    picture: str
    price: Decimal
    total: Decimal
    currency: str
    quantity: str
    stock: int
    is_on_sale: bool
    problem: str
    # What was wrong with a quantity that somebody has just typed.
    refusal: str

    @property
    def words(self) -> str:
        """What there is to say about it."""
        return self.refusal or self.problem


@dataclass(frozen=True)
class ShownCart:
    """A cart. `obstacles` are the lines that must change before it can be ordered."""

    lines: list[ShownLine]
    obstacles: list[ShownLine]
    total: Decimal
    currency: str
    count: int

    @property
    def can_be_ordered(self) -> bool:
        """Whether there is something to order, and nothing in the way."""
        return self.count > 0 and not self.obstacles


def shown_cart(
    cart: CartContents,
    *,
    typed: Mapping[int, str] | None = None,
    refusals: Mapping[int, str] | None = None,
) -> ShownCart:
    """Return a cart as pages show it.

    `typed` are the quantities that were refused just now, and `refusals` why, by item.
    """
    lines = [
        ShownLine(
            item_id=line.item_id,
            name=line.offer.name,
            url=product_address(line.offer.product_id) if line.offer.is_on_sale else "",
            picture=picture_path(line.offer.image),
            price=line.offer.price,
            total=line.total_price,
            currency=line.offer.currency,
            quantity=(typed or {}).get(line.item_id, str(line.quantity)),
            stock=line.offer.stock,
            is_on_sale=line.offer.is_on_sale,
            problem=_problem_of(cart, line),
            refusal=(refusals or {}).get(line.item_id, ""),
        )
        for line in cart.lines
    ]
    return ShownCart(
        lines=lines,
        # What is no longer sold stays behind when the rest is ordered.
        obstacles=[line for line in lines if line.problem and line.is_on_sale],
        total=cart.total_price,
        currency=cart.currency,
        count=cart.total_items,
    )


def _problem_of(cart: CartContents, line: Line) -> str:
    offer = line.offer
    if not offer.is_on_sale:
        return "This is no longer sold, so it is not in the total."
    if not cart.counts(line):
        return (
            f"This is sold in {offer.currency}, and your cart is in {cart.currency}. "
            "Remove it to order the rest."
        )
    if not offer.stock:
        return "Sold out. Remove it to order the rest."
    return f"Only {offer.stock} left." if line.quantity > offer.stock else ""
