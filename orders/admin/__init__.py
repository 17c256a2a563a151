"""The back office of orders. It reads rows itself and changes them through the services."""

from orders.admin import glances  # noqa: F401 (registers them)
from orders.admin.deliveries import EventDeliveryAdmin
from orders.admin.events import EventAdmin
from orders.admin.orders import OrderAdmin

__all__ = ["EventAdmin", "EventDeliveryAdmin", "OrderAdmin"]
