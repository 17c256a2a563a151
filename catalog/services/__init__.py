"""Every write of the catalogue: one function for each thing that a user or the system can do."""

from catalog.services.categories import create_category
from catalog.services.fields import ProductFields
from catalog.services.products import create_product
from catalog.services.stock import (
    adjust_stock,
    lock_products,
    return_stock,
    take_stock,
)

__all__ = [
    "ProductFields",
    "adjust_stock",
    "create_category",
    "create_product",
    "lock_products",
    "return_stock",
    "take_stock",
]
