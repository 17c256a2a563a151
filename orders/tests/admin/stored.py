"""What is stored about orders after the back office has acted."""

from orders.models import Order
from orders.stream.models import Event


def history(order_id: int) -> list[str]:
    return list(
        Event.objects.filter(order_id=order_id).order_by("pk").values_list("type", flat=True)
    )


def statuses(*orders: Order) -> list[str]:
    found = dict(Order.objects.values_list("pk", "status"))
    return [found[order.pk] for order in orders]
