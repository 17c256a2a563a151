"""Who may change an order, asked while the order is locked."""

from accounts.access import may
from accounts.locks import hold_role
from accounts.models import User
from orders.access import HANDLE_ORDERS, VIEW_ORDERS
from orders.errors import OrderNotFound, OrderNotYours
from orders.models import Order


def require_right_to_change(
    order: Order, *, by: User, permission: str = "orders.change_order"
) -> bool:
    """Refuse users who may not change the locked `order`; tell whether `by` is one of its handlers.

    Handlers are members whose role handles orders, and staff with the back office's `permission`.
    Everybody else may only change what they own, as its customer. The role stays as it is until
    the transaction ends. Raises `OrderNotYours` to users who may only see the order, and
    `OrderNotFound` to everybody else.
    """
    if by.is_staff and by.has_perm(permission):
        return True
    role = hold_role(by, order.project_id)
    if role is not None and may(role, HANDLE_ORDERS):
        return True
    if order.owner_id == by.pk:
        return False
    if by.is_staff or (role is not None and may(role, VIEW_ORDERS)):
        raise OrderNotYours
    raise OrderNotFound
