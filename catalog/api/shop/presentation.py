"""The bodies of products and categories on the shop surface: prices are text."""

from collections.abc import Iterable
from hashlib import blake2b

import orjson
from django.conf import settings
from django.core.files.storage import default_storage

from catalog.queries.storefront import Shelf
from orderchainer.core.db.prepared import Row
from orderchainer.core.http.conditional import etag_of
from orderchainer.core.http.surfaces import Body
from orderchainer.core.moments import seconds
from orderchainer.core.money import written


def listed_product_body(row: Row) -> Body:
    """Write one product of a list, with the fields of the document and the currency."""
    return {
        "id": row["id"],
        "name": row["name"],
        "price": written(row["price"], row["currency"]),
        "currency": row["currency"],
        "stock": row["stock"],
        "category_name": row["category__name"] or "",
        "image": picture_url(row["image"]),
        "is_in_stock": row["stock"] > 0,
        "featured": row["featured"],
    }


def product_body(row: Row) -> Body:
    """Write one product in full."""
    return {
        **listed_product_body(row),
        "sku": row["sku"],
        "slug": row["slug"],
        "description": row["description"],
        "category_id": row["category_id"],
        "category_path": row["path"],
        "is_active": row["is_active"],
        "created_at": seconds(row["created_at"]),
        "updated_at": seconds(row["updated_at"]),
    }


def etag_of_row(row: Row) -> str:
    """Return the entity tag of `product_body`: the product's version and its categories' names."""
    tag = etag_of("product", row["id"], row["version"])
    if not row["path"]:
        return tag
    names = blake2b(orjson.dumps(row["path"]), digest_size=6).hexdigest()
    return f'{tag[:-1]}-{names}"'


def picture_url(name: str) -> str:
    """Return the absolute URL of a picture, or an empty string."""
    return f"{settings.PUBLIC_URL}{default_storage.url(name)}" if name else ""


def categories_body(shelves: Iterable[Shelf]) -> list[Body]:
    """Write categories, each with its subcategories."""
    return [
        {
            "id": shelf.id,
            "name": shelf.name,
            "slug": shelf.slug,
            "product_count": shelf.product_count,
            "total_count": shelf.total_count,
            "children": categories_body(shelf.children),
        }
        for shelf in shelves
    ]
