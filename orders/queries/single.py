"""One order, for whoever may see it."""

from uuid import UUID

from accounts.models import User
from orderchainer.core.ids import uuid_in
from orders.errors import OrderNotFound
from orders.models import Order


def order_for(user: User, order_id: int) -> Order:
    """Return an order that `user` may see.

    Raises `OrderNotFound`, whether the order is missing or the user may not see it.
    """
    order = Order.objects.visible_to(user).filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound
    return order


def order_id_for(user: User, order_uuid: UUID | str) -> int:
    """Return the id of an order that `user` may see.

    Raises `OrderNotFound`, also if `order_uuid` is not a UUID.
    """
    if uuid := uuid_in(order_uuid):
        found = Order.objects.visible_to(user).filter(uuid=uuid)
        for order_id in found.values_list("pk", flat=True):
            return order_id
    raise OrderNotFound
