"""What members of a project may do with its orders."""

from accounts.access import AGENTS, EVERYBODY, changing, viewing

VIEW_ORDERS = viewing("view_orders", EVERYBODY, model="orders.order")
HANDLE_ORDERS = changing("handle_orders", AGENTS, staff_permission="orders.change_order")
# The same members delete orders, but staff need another permission for it.
DELETE_ORDERS = changing("delete_orders", AGENTS, staff_permission="orders.delete_order")
# Save views of the orders for oneself. Staff need to be members for this.
SAVE_VIEWS = changing("save_views", EVERYBODY, staff_permission=None)
# Share views with all members, and change and delete those that are shared.
SHARE_VIEWS = changing("share_views", AGENTS, staff_permission=None)
