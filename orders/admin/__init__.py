"""The back office of orders: it looks at rows by itself and changes them through the services."""

from orders.admin.deliveries import EventDeliveryAdmin
from orders.admin.events import EventAdmin
from orders.admin.orders import OrderAdmin

__all__ = ["EventAdmin", "EventDeliveryAdmin", "OrderAdmin"]
