"""The orders that somebody has bought, for the pages of the shop."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from orderchainer.core.db.prepared import Row
from orderchainer.core.ids import MAX_ID
from orders.errors import OrderNotFound
from orders.models import Order, OrderItem, OrderQuerySet, listed_items
from orders.stream.origins import made_by_owner

_LISTED = ("id", "title", "status", "ordered_at", "total_price", "currency")
_SHOWN = (
    *_LISTED,
    *("status_changed_at", "fulfilled_at", "project_id"),
    *("customer_name", "customer_email", "shipping_address", "phone_number", "notes"),
)


def bought_by(user: User) -> OrderQuerySet:
    """Return the orders that `user` bought in the storefront, or that somebody sold them from stock
    on the phone.

    Whoever took an order on the phone and named no account owns it, but has not bought it.
    """
    sold = OrderItem.objects.filter(order=OuterRef("pk"), product__isnull=False)
    by_phone = Q(provider=Order.Provider.MANUAL) & Exists(sold) & ~Q(made_by_owner())
    return Order.objects.owned_by(user).filter(
        Q(provider=Order.Provider.STOREFRONT) | by_phone, source_updated_at=None
    )


def purchases_of(user: User, *, limit: int, before: int | None = None) -> tuple[list[Row], bool]:
    """Return the last orders that `user` has bought, newest first, and whether there are older
    ones.

    `before` is the number of an order, to go on from there. Takes one statement.
    """
    orders = bought_by(user).filter(pk__lt=before or MAX_ID).order_by("-pk")
    rows = list(orders.values(*_LISTED)[: limit + 1])
    return rows[:limit], len(rows) > limit


def purchase_for(user: User, number: int) -> Row:
    """Return the row of an order that `user` has bought, with its `lines`, in one statement.

    Raises `OrderNotFound`, whether the order is missing or somebody else's.
    """
    orders = bought_by(user).filter(pk=min(number, MAX_ID))
    rows: QuerySet[Order, Row] = orders.annotate(
        lines=listed_items(product_id="product_id")
    ).values(*_SHOWN, "lines")
    for row in rows:
        return row
    raise OrderNotFound
