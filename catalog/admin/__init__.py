"""The back office of the catalogue. It reads rows itself and changes them through the services."""

from catalog.admin import glances  # noqa: F401 (registers it)
from catalog.admin.categories import CategoryAdmin
from catalog.admin.ledger import StockMovementAdmin
from catalog.admin.products import ProductAdmin

__all__ = ["CategoryAdmin", "ProductAdmin", "StockMovementAdmin"]
