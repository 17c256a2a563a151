"""Who may change an order, asked while the order is locked."""

from enum import Enum, auto

from accounts.access import as_now, may, staff_may
from accounts.locks import hold_role
from accounts.models import Project, User
from orders.access import HANDLE_ORDERS, VIEW_ORDERS
from orders.errors import CustomerMayOnlyCancel, OrderNotFound, OrderNotYours, SaleNotAllowed
from orders.models import Order
from orders.services.items import has_sold_items


class Standing(Enum):
    """How a user who may change an order is related to it."""

    # A member whose role handles orders, or staff with the back office's permission.
    HANDLER = auto()
    # They made the order by the API or by hand, and do with it what they like.
    OWNER = auto()
    # They bought it, in the storefront or on the phone. They may cancel it until it is shipped, and
    # nothing else.
    CUSTOMER = auto()


def standing_of(by: User, order: Order, *, permission: str = "orders.change_order") -> Standing:
    """Return how `by` is related to the locked `order`. Staff handle it with `permission`.

    A handler who is also the customer counts as a handler. The role stays as it is until the
    transaction ends. Raises `OrderNotYours` to users who may only see the order, and
    `OrderNotFound` to everybody else.
    """
    by = as_now(by)
    if by.is_staff and by.has_perm(permission):
        return Standing.HANDLER
    role = hold_role(by, order.project_id)
    if role is not None and may(role, HANDLE_ORDERS):
        return Standing.HANDLER
    # The owner of a mirrored order only connected its source, and may have left the project since.
    if order.owner_id == by.pk and not order.is_mirrored:
        return Standing.CUSTOMER if _was_bought(order) else Standing.OWNER
    sees_it = order.owner_id == by.pk or (role is not None and may(role, VIEW_ORDERS))
    if sees_it or staff_may(by, VIEW_ORDERS):
        raise OrderNotYours
    raise OrderNotFound


def _was_bought(order: Order) -> bool:
    """Tell whether the owner is a customer: somebody who handles orders sold them goods."""
    if order.provider == Order.Provider.STOREFRONT:
        return True
    return order.provider == Order.Provider.MANUAL and has_sold_items(order)


def require_right_to_sell(by: User, project: Project) -> None:
    """Refuse users who do not handle the orders of `project`, whose stock is to be sold.

    The role stays as it is until the transaction ends. Raises `SaleNotAllowed`.
    """
    by = as_now(by)
    if by.is_staff and any(map(by.has_perm, ("orders.add_order", "orders.change_order"))):
        return
    role = hold_role(by, project.pk)
    if role is None or not may(role, HANDLE_ORDERS):
        raise SaleNotAllowed


def require_right_to_change(
    order: Order, *, by: User, permission: str = "orders.change_order"
) -> None:
    """Refuse users who may not change the locked `order` as they like.

    Raises what `standing_of` raises, and `CustomerMayOnlyCancel`.
    """
    if standing_of(by, order, permission=permission) is Standing.CUSTOMER:
        raise CustomerMayOnlyCancel(order.pk, order.customers_moves())
