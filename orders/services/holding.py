"""The stock that orders hold: given back when they go wrong, taken again on a retry."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from django.db.models import Sum

from catalog.services import lock_products, return_stock, take_stock_for
from catalog.services.stock import shortages_of
from orderchainer.core.db.among import among
from orders.lifecycle import GONE_WRONG
from orders.models import Order, OrderItem


def follow_the_moves(
    order: Order, old_status: str, *, failed: Sequence[int], returned: Sequence[int]
) -> None:
    """Give back or take again the stock of `order`, if its move calls for that.

    If it went wrong, give back its stock and that of the orders that `failed` with it. If it is
    retried, take the stock again for it and for the orders that `returned` with it.

    The caller has locked all these orders, and no product yet. Raises `InsufficientStock` if
    something is no longer available.
    """
    was_wrong, is_wrong = old_status in GONE_WRONG, order.status in GONE_WRONG
    if is_wrong:
        return_stock([order.pk, *failed])
    elif was_wrong:
        _take_again([order.pk, *returned])


def can_take_again(order_ids: Sequence[int]) -> bool:
    """Tell whether these orders could take all of their stock again, and lock its products."""
    demands = _demands_of(order_ids)
    total: Counter[int] = Counter()
    for demand in demands.values():
        total.update(demand)
    return not total or not shortages_of(lock_products(total), total)


def _take_again(order_ids: Sequence[int]) -> None:
    if demands := _demands_of(order_ids):
        wanted = {product_id for demand in demands.values() for product_id in demand}
        take_stock_for(products=lock_products(wanted), demands=demands)


def _demands_of(order_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """Return what these orders sold from stock: how many, by order and product."""
    sold = (
        OrderItem.objects.filter(order_id__in=among(order_ids), product__isnull=False)
        .order_by("order_id", "product_id")
        .values_list("order_id", "product_id")
        .annotate(quantity=Sum("quantity"))
    )
    # Items with a product are never replaced, so they still say what was taken.
    demands: dict[int, dict[int, int]] = defaultdict(dict)
    for order_id, product_id, quantity in sold:
        demands[order_id][product_id] = quantity
    return demands
