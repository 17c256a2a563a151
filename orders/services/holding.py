"""What orders hold of the stock: given back when they go wrong, taken again when they are tried again."""

from django.db.models import Sum

from catalog.services import lock_products, return_stock, take_stock
from orders.errors import GoodsGone
from orders.lifecycle import GONE_WRONG, HAS_LEFT
from orders.models import Order, OrderItem


def follow_the_moves(order: Order, old_status: str, failed: list[int]) -> None:
    """Give back what the moved `order` and those that `failed` with it hold, or take it again for `order`.

    All of them are locked by the caller, and no product yet. Raises `InsufficientStock` where something is
    not there any more.
    """
    was_wrong, is_wrong = old_status in GONE_WRONG, order.status in GONE_WRONG
    if is_wrong:
        return_stock([order.pk, *failed])
    elif was_wrong:
        _take_again(order)


def require_goods_here(order: Order, status: str) -> None:
    """Refuse to a customer what would put on the shelf again what they still have. Raises `GoodsGone`.

    `status` is the one that the locked order has before the change.
    """
    if status in HAS_LEFT and order.items.filter(product__isnull=False).exists():
        raise GoodsGone(order.pk, status)


def _take_again(order: Order) -> None:
    sold = (
        OrderItem.objects.filter(order=order, product__isnull=False)
        .order_by("product_id")
        .values_list("product_id")
        .annotate(quantity=Sum("quantity"))
    )
    # What has a product is never replaced, so the lines are still what was taken before.
    demand: dict[int, int] = dict(sold)
    if demand:
        take_stock(products=lock_products(demand), demand=demand, order_id=order.pk)
