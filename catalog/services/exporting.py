"""The catalogue as a file for spreadsheets, which can be imported again."""

from collections.abc import Iterator

from accounts.models import Project
from catalog.models import Product, ProductQuerySet
from catalog.queries.inventory import shelves_of
from catalog.services.sheets import COLUMNS
from orderchainer.core.money import written
from orderchainer.core.sheets import BYTE_ORDER_MARK, lines_of, safe_cell

# How many rows we read, write and send at a time.
CHUNK = 500


def export_products(project: Project, products: ProductQuerySet) -> Iterator[str]:
    """Write `products` of the project as CSV, oldest first, and yield it in parts.

    Each part takes one statement. So a large catalogue does not fill the memory, and no
    transaction stays open while a slow client reads. `version` keeps an import from overwriting
    later changes.
    """
    paths: dict[int, str] = {}
    yield BYTE_ORDER_MARK + lines_of([COLUMNS])
    after = 0
    while rows := list(products.filter(pk__gt=after).order_by("pk")[:CHUNK]):
        after = rows[-1].pk
        if {row.category_id for row in rows if row.category_id} - paths.keys():
            paths = {shelf.category.pk: shelf.path for shelf in shelves_of(project)}
        yield lines_of(_cells(row, paths) for row in rows)


def _cells(product: Product, paths: dict[int, str]) -> list[str]:
    values = {
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "price": written(product.price, product.currency),
        "currency": product.currency,
        "category": paths.get(product.category_id, "") if product.category_id else "",
        "stock": str(product.stock),
        "featured": _word(product.featured),
        "is_active": _word(product.is_active),
        "version": str(product.version),
    }
    return [safe_cell(values[name]) for name in COLUMNS]


def _word(value: bool) -> str:
    return "true" if value else "false"
