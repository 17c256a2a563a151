"""Every write of the catalogue: one function for each thing that a user or the system can do."""

from catalog.services.stock import (
    adjust_stock,
    lock_products,
    return_stock,
    take_stock,
)

__all__ = ["adjust_stock", "lock_products", "return_stock", "take_stock"]
