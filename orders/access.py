"""What members of a project may do with its orders."""

from accounts.access import AGENTS, EVERYBODY, changing, viewing

VIEW_ORDERS = viewing("view_orders", EVERYBODY, model="orders.order")
HANDLE_ORDERS = changing("handle_orders", AGENTS, staff_permission="orders.change_order")
# The same members delete orders, but staff need another permission for it.
DELETE_ORDERS = changing("delete_orders", AGENTS, staff_permission="orders.delete_order")
