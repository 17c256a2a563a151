"""The stock that orders hold: given back when they go wrong, taken again on a retry."""

from django.db.models import Sum

from catalog.services import lock_products, return_stock, take_stock
from orders.lifecycle import GONE_WRONG
from orders.models import Order, OrderItem


def follow_the_moves(order: Order, old_status: str, failed: list[int]) -> None:
    """Give back the stock of `order` and of those that `failed` with it, or take it again.

    The caller has locked all these orders, and no product yet. Raises `InsufficientStock` if
    something is no longer available.
    """
    was_wrong, is_wrong = old_status in GONE_WRONG, order.status in GONE_WRONG
    if is_wrong:
        return_stock([order.pk, *failed])
    elif was_wrong:
        _take_again(order)


def _take_again(order: Order) -> None:
    sold = (
        OrderItem.objects.filter(order=order, product__isnull=False)
        .order_by("product_id")
        .values_list("product_id")
        .annotate(quantity=Sum("quantity"))
    )
    # Items with a product are never replaced, so they still say what was taken.
    demand: dict[int, int] = dict(sold)
    if demand:
        take_stock(products=lock_products(demand), demand=demand, order_id=order.pk)
