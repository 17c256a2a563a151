"""The bodies of the catalogue on the hub surface: prices are text."""

from catalog.api.shop.presentation import picture_url
from catalog.models import Product, StockMovement
from catalog.queries.inventory import Shelf
from catalog.services import ImportReport
from catalog.services.importing import MAX_TOLD, told
from orderchainer.core.http.conditional import etag_of
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import seconds
from orderchainer.core.money import written


def etag_of_product(product: Product) -> str:
    """Return the entity tag of `product_body`. All of the body comes from the row."""
    return etag_of("product", product.pk, product.version)


def product_body(product: Product) -> Body:
    """Write a product."""
    return {
        "id": product.uuid,
        "product_id": product.pk,
        "sku": product.sku,
        "slug": product.slug,
        "name": product.name,
        "description": product.description,
        "price": written(product.price, product.currency),
        "currency": product.currency,
        "category_id": product.category_id,
        "image": picture_url(product.image.name or ""),
        "featured": product.featured,
        "is_active": product.is_active,
        "stock": product.stock,
        "is_in_stock": product.is_in_stock,
        "version": product.version,
        "created_at": seconds(product.created_at),
        "updated_at": seconds(product.updated_at),
    }


def movement_body(movement: StockMovement) -> Body:
    """Write a row of the ledger. Load its user beforehand."""
    return {
        "id": movement.pk,
        "change": movement.change,
        "reason": movement.reason,
        "order_id": movement.order_id,
        "note": movement.note,
        "by": movement.by.uuid if movement.by else None,
        "created_at": seconds(movement.created_at),
    }


def category_body(shelf: Shelf) -> Body:
    """Write a category and its place in the tree."""
    category = shelf.category
    return {
        "id": category.pk,
        "name": category.name,
        "slug": category.slug,
        "parent_id": category.parent_id,
        "position": category.position,
        "level": shelf.level,
        "path": shelf.path,
        "product_count": shelf.product_count,
        "created_at": seconds(category.created_at),
        "updated_at": seconds(category.updated_at),
    }


def import_body(report: ImportReport, *, dry_run: bool) -> Body:
    """Write the outcome of an import. If there are too many rows, the wrong ones come first."""
    refused = report.refused[:MAX_TOLD]
    changed = [row for row in report.rows if row.action in {"create", "update"}]
    rows = [*refused, *changed[: MAX_TOLD - len(refused)]]
    return {
        "dry_run": dry_run,
        "created": report.count("create"),
        "updated": report.count("update"),
        "unchanged": report.count("unchanged"),
        "refused": report.count("refuse"),
        "new_categories": report.new_categories,
        "rows": [told(row) for row in sorted(rows, key=lambda row: row.row)],
    }
