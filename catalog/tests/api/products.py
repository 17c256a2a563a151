"""The hub's paths of products, and how it shows and refuses them at one moment."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Project
from catalog.models import Category, Product, StockMovement

MOMENT = "2025-01-12T10:00:00Z"


def path(project: Project, *parts: object) -> str:
    """Return a path of the project's products."""
    return "/".join(["/api/v1/products", str(project.uuid), *map(str, parts)])


def at(product: Product, *parts: object) -> str:
    """Return a path of the product."""
    return path(product.project, product.uuid, *parts)


def refused(response: Any, status: int, code: str, detail: str = "") -> Any:
    """Check a refusal of the hub, and return its errors by field."""
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert body["timestamp"] == MOMENT
    assert not detail or body["detail"] == detail
    return body.get("errors")


def everything() -> list[Any]:
    """Return every row of the catalogue."""
    models: Any = (Category, Product, StockMovement)
    return [list(model.objects.order_by("pk").values()) for model in models]


def shown(product: Product, **changes: Any) -> dict[str, Any]:
    """Return the body of a new product."""
    return {
        "id": str(product.uuid),
        "product_id": product.pk,
        "sku": product.sku,
        "slug": product.slug,
        "name": product.name,
        "description": product.description,
        "price": f"{product.price:.2f}",
        "currency": product.currency,
        "category_id": product.category_id,
        "image": "",
        "featured": product.featured,
        "is_active": product.is_active,
        "stock": product.stock,
        "is_in_stock": product.stock > 0,
        "version": product.version,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        **changes,
    }


def count(client: APIClient, where: str, **query: Any) -> int:
    """Return how many statements a read takes, including those for the caller and the project."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(where, query).status_code == 200
    return len(queries)
