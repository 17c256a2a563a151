"""Products as pages show them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.core.files.storage import default_storage
from django.urls import reverse

from accounts.models import Project
from catalog.models import Product
from catalog.queries.inventory import LOW_STOCK


@dataclass(frozen=True)
class ShownStock:
    """How much there is: the word for its status, and the same with the number."""

    status: str
    words: str


@dataclass(frozen=True)
class ShownProduct:
    """A product in a list. `category` is the path from the top; `picture` a URL, or empty."""

    id: UUID
    name: str
    sku: str
    url: str
    picture: str
    category: str
    price: Decimal
    currency: str
    stock: ShownStock
    is_active: bool
    updated_at: datetime


def shown_product(project: Project, product: Product, paths: Mapping[int, str]) -> ShownProduct:
    """Return a product as a list shows it. `paths` has the paths of the project's categories."""
    return ShownProduct(
        id=product.uuid,
        name=product.name,
        sku=product.sku,
        url=product_address(project, product.uuid),
        picture=picture_address(product),
        category=paths.get(product.category_id, "") if product.category_id else "",
        price=product.price,
        currency=product.currency,
        stock=shown_stock(product.stock),
        is_active=product.is_active,
        updated_at=product.updated_at,
    )


def shown_stock(stock: int) -> ShownStock:
    """Say how much there is."""
    if stock == 0:
        return ShownStock("sold out", "Sold out")
    if stock <= LOW_STOCK:
        return ShownStock("low", f"Low: {stock:,} left")
    return ShownStock("in stock", f"{stock:,} left")


def picture_address(product: Product) -> str:
    """Return the address of the product's picture, or nothing if it has none."""
    return default_storage.url(product.image.name) if product.image.name else ""


def product_address(project: Project, product_id: UUID | str) -> str:
    """Return the address of the page of a product."""
    return f"{reverse('products', kwargs={'project_id': project.uuid})}/{product_id}"
