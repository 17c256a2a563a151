"""A storefront and its products for tests, made by the services."""

import itertools
from decimal import Decimal
from typing import Any, cast

from accounts.models import Project, User
from accounts.services import create_project
from accounts.services.storefront import set_storefront
from accounts.tests.factories import make_user
from catalog.models import Category, Product
from catalog.services import ProductFields, create_category, create_product

_number = itertools.count(1)


def make_storefront(owner: User | None = None, **fields: Any) -> Project:
    """Create a project of `owner`, or of a new merchant, and make it the storefront."""
    project = create_project(owner=owner or make_user(), **{"name": "The Lamp Shop", **fields})
    set_storefront(project=project)
    project.refresh_from_db()
    return project


def make_category(
    project: Project, name: str = "Lamps", parent: Category | None = None, **fields: Any
) -> Category:
    """Create a category of `project`, at the top unless within `parent`."""
    return create_category(project=project, name=name, parent=parent, **fields)


def make_product(project: Project, *, stock: int = 10, **fields: Any) -> Product:
    """Create a product of `project` with a unique SKU and slug and `stock` on hand."""
    fields = {
        "sku": f"SKU-{next(_number)}",
        "name": "Desk lamp",
        "price": Decimal("19.99"),
        **fields,
    }
    return create_product(project=project, fields=cast(ProductFields, fields), stock=stock)
