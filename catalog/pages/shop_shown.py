"""Products as the shop shows them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.core.files.storage import default_storage
from django.urls import reverse

from catalog.queries import storefront
from orderchainer.core.db.prepared import Row
from orderchainer.core.ids import MAX_ID

# With so few left, a customer should hurry.
FEW = 5


@dataclass(frozen=True)
class ShownProduct:
    """A product as the shop shows it."""

    id: int
    name: str
    url: str
    price: Decimal
    currency: str
    picture: str
    stock: int

    @property
    def stock_words(self) -> str:
        """How many there are, in words."""
        return stock_words(self.stock)

    @property
    def is_scarce(self) -> bool:
        """Whether a customer should hurry."""
        return 0 < self.stock <= FEW


def stock_words(stock: int) -> str:
    """Say how many of a product there are."""
    if not stock:
        return "Sold out"
    return f"Only {stock} left" if stock <= FEW else f"{stock} left"


def picture_path(name: str) -> str:
    """Return where a product's picture is, or an empty text."""
    return default_storage.url(name) if name else ""


def shown_product(row: Row) -> ShownProduct:
    """Return a row of `queries.storefront` as the shop shows it."""
    return ShownProduct(
        id=row["id"],
        name=row["name"],
        url=product_address(row["id"]),
        price=row["price"],
        currency=row["currency"],
        picture=picture_path(row["image"]),
        stock=row["stock"],
    )


def product_address(product_id: int) -> str:
    """Return the address of a product's page."""
    return reverse("shop-product-page", kwargs={"product_id": product_id})


def product_context(product_id: int) -> dict[str, Any]:
    """Return what the page of a product shows. Raises `ProductNotFound`."""
    row = storefront.product_row_for(min(product_id, MAX_ID))
    return {
        "product": shown_product(row),
        "row": row,
        "paragraphs": [each for each in row["description"].splitlines() if each.strip()],
        "key": uuid4().hex,
    }
