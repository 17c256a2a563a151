"""What is in a cart, what each item costs now, and how many are in stock."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models import F, FilteredRelation, Q, QuerySet

from cart.models import CartItem
from catalog.models import Product
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.money import ZERO

# An id that no product has.
NO_PRODUCT = 0


@dataclass(frozen=True)
class Offer:
    """A product as a customer finds it now. `stock` is on hand, even if the product is not sold."""

    product_id: int
    name: str
    price: Decimal
    currency: str
    category_name: str
    image: str  # its name in the storage, empty without one
    stock: int
    is_on_sale: bool


@dataclass(frozen=True)
class Line:
    """A product in a cart, and how many of it."""

    item_id: int
    offer: Offer
    quantity: int

    @property
    def total_price(self) -> Decimal:
        """Price times quantity, in the product's currency."""
        return self.offer.price * self.quantity


@dataclass(frozen=True)
class CartContents:
    """Everything in a cart, oldest first, with prices and stock as they were when it was read."""

    user_id: int
    lines: tuple[Line, ...] = ()

    @cached_property
    def currency(self) -> str:
        """The currency of the oldest item that is sold; empty if there is none."""
        sold = (line.offer for line in self.lines if line.offer.is_on_sale)
        return next((offer.currency for offer in sold), "")

    @property
    def total_price(self) -> Decimal:
        """The sum of all items that count, in `currency`."""
        return sum((line.total_price for line in self._counted), ZERO)

    @property
    def total_items(self) -> int:
        """The sum of the quantities of all items that count."""
        return sum(line.quantity for line in self._counted)

    @property
    def sold_products(self) -> int:
        """How many of the products are still sold."""
        return sum(line.offer.is_on_sale for line in self.lines)

    def counts(self, line: Line) -> bool:
        """Tell whether an item's product is sold, and in the cart's currency.

        Other items stay in the cart and are shown, but no sum includes them. The stock of an item
        that counts may still be too small.
        """
        return line.offer.is_on_sale and line.offer.currency == self.currency

    @property
    def _counted(self) -> Iterator[Line]:
        return filter(self.counts, self.lines)

    def available_of(self, line: Line) -> int:
        """Return how many of a line's product can be ordered with this cart now.

        0 if it is no longer sold, or not sold in the cart's currency.
        """
        return line.offer.stock if self.counts(line) else 0


def cart_of(user_id: int) -> CartContents:
    """Return what is in a user's cart, in one statement; empty if there is no cart."""
    return cart_and_offer(user_id, NO_PRODUCT)[0]


def cart_and_offer(user_id: int, product_id: int) -> tuple[CartContents, Offer | None]:
    """Return a user's cart and the product with that id, if it exists, in one statement."""
    lines: list[Line] = []
    wanted: Offer | None = None
    for row in _rows(user_id, product_id):
        offer = _offer_of(row)
        if row["item_id"] is not None:
            lines.append(Line(row["item_id"], offer, row["quantity"]))
        if offer.product_id == product_id:
            wanted = offer
    lines.sort(key=lambda line: line.item_id)
    return CartContents(user_id, tuple(lines)), wanted


FIELDS = (
    "id",
    "name",
    "price",
    "currency",
    "category__name",
    "image",
    "stock",
    "is_active",
    "project__is_storefront",
    "project__is_active",
    "item_id",
    "quantity",
)


@prepared
def _rows(user_id: int, product_id: int) -> QuerySet[Product, Row]:
    # Find the ids first: an OR over the join would read all products.
    in_cart = CartItem.objects.filter(cart_id=user_id).values("product_id")
    wanted = Product.objects.filter(pk=product_id).values("pk")
    rows: QuerySet[Product, Row] = (
        Product.objects.filter(pk__in=in_cart.union(wanted))
        .annotate(
            item=FilteredRelation("cart_items", condition=Q(cart_items__cart_id=user_id)),
            item_id=F("item__id"),
            quantity=F("item__quantity"),
        )
        .values(*FIELDS)
    )
    return rows


def _offer_of(row: Row) -> Offer:
    return Offer(
        product_id=row["id"],
        name=row["name"],
        price=row["price"],
        currency=row["currency"],
        category_name=row["category__name"] or "",
        image=row["image"] or "",
        stock=row["stock"],
        is_on_sale=row["is_active"] and row["project__is_storefront"] and row["project__is_active"],
    )
