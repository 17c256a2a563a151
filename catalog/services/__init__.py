"""Every write to the catalogue: one function for each thing that a user or the system can do."""

from catalog.services.categories import (
    create_category,
    delete_category,
    shift_category,
    update_category,
)
from catalog.services.exporting import export_products
from catalog.services.fields import CategoryFields, ProductFields
from catalog.services.importing import (
    ImportReport,
    import_products,
    preview_import,
)
from catalog.services.pictures import name_picture, set_picture, sweep_pictures
from catalog.services.products import Precondition, create_product, update_product
from catalog.services.stock import (
    adjust_stock,
    lock_products,
    return_stock,
    take_stock,
    take_stock_for,
)

__all__ = [
    "CategoryFields",
    "ImportReport",
    "Precondition",
    "ProductFields",
    "adjust_stock",
    "create_category",
    "create_product",
    "delete_category",
    "export_products",
    "import_products",
    "lock_products",
    "name_picture",
    "preview_import",
    "return_stock",
    "set_picture",
    "shift_category",
    "sweep_pictures",
    "take_stock",
    "take_stock_for",
    "update_category",
    "update_product",
]
