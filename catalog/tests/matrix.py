"""Example calls for `accounts/tests/test_matrix.py`: the catalogue of a project."""

from collections.abc import Mapping

from accounts.tests.matrix import Call, Scene, project_alone
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.tests.factories import make_category, make_product


def product(scene: Scene) -> Mapping[str, object]:
    """Name a product of the project."""
    row = make_product(scene.team.project)
    return {**project_alone(scene), "product_id": row.uuid}


def category(scene: Scene) -> Mapping[str, object]:
    """Name a category of the project."""
    row = make_category(scene.team.project)
    return {**project_alone(scene), "category_id": row.pk}


NEW = {"sku": "LAMP-1", "name": "Desk lamp", "price": "19.99", "stock": 3}
TABLE = {"csv": "sku,name,price,category\nLAMP-1,Desk lamp,19.99,Lamps"}

CALLS = [
    Call("GET", "hub-products", VIEW_CATALOG),
    Call("POST", "hub-products", MANAGE_CATALOG, 201, body=NEW),
    Call("GET", "hub-product", VIEW_CATALOG, arguments=product),
    Call(
        "PATCH",
        "hub-product",
        MANAGE_CATALOG,
        arguments=product,
        body={"price": "17.99"},
    ),
    Call(
        "PUT",
        "hub-product-image",
        MANAGE_CATALOG,
        arguments=product,
        body={"image": None},
    ),
    Call("DELETE", "hub-product-image", MANAGE_CATALOG, arguments=product),
    Call("GET", "hub-product-stock", VIEW_CATALOG, arguments=product),
    Call(
        "POST",
        "hub-product-stock",
        MANAGE_CATALOG,
        201,
        arguments=product,
        body={"change": -1},
    ),
    Call("POST", "hub-products-import", MANAGE_CATALOG, body=TABLE),
    Call(
        "POST",
        "hub-products-import",
        MANAGE_CATALOG,
        body={**TABLE, "dry_run": True},
        about="as a dry run",
    ),
    Call("GET", "hub-products-export", VIEW_CATALOG),
    Call("GET", "hub-categories", VIEW_CATALOG),
    Call("POST", "hub-categories", MANAGE_CATALOG, 201, body={"name": "Lamps"}),
    Call("GET", "hub-category", VIEW_CATALOG, arguments=category),
    Call(
        "PATCH",
        "hub-category",
        MANAGE_CATALOG,
        arguments=category,
        body={"name": "Lights"},
    ),
    Call("DELETE", "hub-category", MANAGE_CATALOG, 204, arguments=category),
]
