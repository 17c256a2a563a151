"""Products of the project's catalogue, with their stock."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from catalog.access import VIEW_CATALOG
from catalog.queries.inventory import products_of
from integrations.assistant.contracts import Asker, Tool
from integrations.assistant.tools.parameters import Parameters, text_in
from integrations.assistant.tools.showing import (
    amount,
    cut,
    without_gaps,
)
from orderchainer.core.db.prepared import Row

MAX_PRODUCTS = 15
MAX_SEARCH_LENGTH = 200
_FIELDS = ("sku", "name", "description", "price", "currency", "stock", "is_active")


def run(asker: Asker, parameters: Parameters) -> Mapping[str, Any]:
    """Return the products that fit, by name. Takes one statement."""
    products = products_of(asker.project)
    if search := text_in(parameters, "search", most=MAX_SEARCH_LENGTH):
        products = products.filter(Q(name__icontains=search) | Q(sku__icontains=search))
    if parameters.get("is_out_of_stock") is True:
        products = products.filter(stock=0)
    found = list(
        products.order_by("name", "pk").values(*_FIELDS, "category__name")[: MAX_PRODUCTS + 1]
    )
    return {
        "products": [_product(row) for row in found[:MAX_PRODUCTS]],
        "there_are_more": len(found) > MAX_PRODUCTS,
    }


def _product(row: Row) -> dict[str, Any]:
    told = {
        "sku": row["sku"],
        "name": cut(row["name"]),
        "price": amount(row["price"], row["currency"]),
        "currency": row["currency"],
        "stock": row["stock"],
        "is_on_sale": row["is_active"],
        "category": cut(row["category__name"] or ""),
        "description": cut(row["description"]),
    }
    return without_gaps(told)


TOOL = Tool(
    name="find_products",
    description="Finds products by a part of their name or SKU, with price and stock.",
    parameters={
        "type": "object",
        "properties": {
            "search": {"type": "string", "description": "A part of the name or of the SKU."},
            "is_out_of_stock": {
                "type": "boolean",
                "description": "true for those that are sold out.",
            },
        },
    },
    operation=VIEW_CATALOG,
    area="catalog",
    run=run,
)
