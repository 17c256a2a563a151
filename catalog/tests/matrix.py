"""Example calls for `accounts/tests/test_matrix.py`: the catalogue of a project."""

from collections.abc import Mapping

from accounts.tests.matrix import Call, Scene, project_alone
from catalog.access import MANAGE_CATALOG, VIEW_CATALOG
from catalog.carried import fingerprint_of, packed
from catalog.services import preview_import
from catalog.tests.factories import make_category, make_product


def product(scene: Scene) -> Mapping[str, object]:
    """Name a product of the project."""
    row = make_product(scene.team.project)
    return {**project_alone(scene), "product_id": row.uuid}


def category(scene: Scene) -> Mapping[str, object]:
    """Name a category of the project."""
    row = make_category(scene.team.project)
    return {**project_alone(scene), "category_id": row.pk}


def carried(scene: Scene) -> Mapping[str, object]:
    """Return the form of a preview."""
    content = TABLE["csv"].encode()
    report = preview_import(project=scene.team.project, content=content)
    return {"packed": packed(content), "seen": fingerprint_of(report), "key": "once"}


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


LAMP = {"name": "Desk lamp", "sku": "LAMP-1", "price": "19.99", "currency": "EUR"}

PAGES = [
    Call("GET", "products", VIEW_CATALOG),
    Call("GET", "product-new", MANAGE_CATALOG),
    Call(
        "POST",
        "product-new",
        MANAGE_CATALOG,
        303,
        body={**LAMP, "first_stock": "3", "key": "once"},
    ),
    Call("GET", "product-page", VIEW_CATALOG, arguments=product),
    Call("GET", "product-edit", MANAGE_CATALOG, arguments=product),
    Call(
        "POST",
        "product-edit",
        MANAGE_CATALOG,
        303,
        arguments=product,
        body={**LAMP, "version": "2"},
    ),
    Call("GET", "product-picture", MANAGE_CATALOG, arguments=product),
    Call("POST", "product-picture", MANAGE_CATALOG, 303, arguments=product, body={"remove": "yes"}),
    Call("GET", "product-stock", MANAGE_CATALOG, arguments=product),
    Call(
        "POST",
        "product-stock",
        MANAGE_CATALOG,
        303,
        arguments=product,
        body={"change": "-1", "reason": "adjusted", "key": "once"},
    ),
    Call(
        "POST",
        "product-for-sale",
        MANAGE_CATALOG,
        303,
        arguments=product,
        body={"for_sale": "no"},
    ),
    Call("GET", "products-import", MANAGE_CATALOG),
    Call("POST", "products-import", MANAGE_CATALOG, 303, body=carried),
    Call("GET", "products-export", VIEW_CATALOG),
    Call("GET", "categories", VIEW_CATALOG),
    Call("POST", "categories", MANAGE_CATALOG, 303, body={"name": "Lamps"}),
    Call("GET", "category-edit", MANAGE_CATALOG, arguments=category),
    Call("POST", "category-edit", MANAGE_CATALOG, 303, arguments=category, body={"name": "Lights"}),
    Call("POST", "category-delete", MANAGE_CATALOG, 303, arguments=category),
]
