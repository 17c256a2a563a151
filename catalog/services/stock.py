"""Stock and its ledger, which change together or not at all.

Whoever changes stock holds the product's row first, several in the order of their ids, and no order
after that: orders are locked before products everywhere, so that nobody waits in a circle. The
database's own constraint keeps stock from falling below zero even without these locks.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from catalog.errors import InsufficientStock, ProductNotFound, Shortage
from catalog.models import Product, StockMovement
from orderchainer.core.db.among import among
from orderchainer.core.errors import Invalid

Reason = StockMovement.Reason

# What nobody brings in more of. The column holds twice as much: what orders give back always fits.
MAX_STOCK = 10**9
MAX_NOTE_LENGTH = 255

# What people do; the others are done by orders.
BY_HAND = (Reason.INITIAL, Reason.RECEIVED, Reason.ADJUSTED, Reason.IMPORTED)


def lock_products(
    product_ids: Iterable[int] | QuerySet[Any, Any],
) -> dict[int, Product]:
    """Lock products against any other change of their stock; those that exist come back by id.

    `product_ids` may be a query for them. Each product comes with its project, which is not locked.
    """
    wanted = product_ids if isinstance(product_ids, QuerySet) else among(product_ids)
    rows = Product.objects.locked().select_related("project").filter(pk__in=wanted)
    return {product.pk: product for product in rows}


def is_active(product: Product) -> bool:
    """Tell whether a product is sold at all."""
    return product.is_active


def take_stock(
    *, products: Mapping[int, Product], demand: Mapping[int, int], order_id: int
) -> None:
    """Take `demand` (how many, by product) for an order, all or nothing, in the caller's transaction.

    `products` are locked by the caller. Raises `InsufficientStock`, which lists every product of which
    there is too little; one that is not sold any more has none left.
    """
    if shortages := shortages_of(products, demand):
        raise InsufficientStock(shortages)
    _move(
        StockMovement(
            product_id=product_id,
            change=-quantity,
            reason=Reason.SOLD,
            order_id=order_id,
        )
        for product_id, quantity in sorted(demand.items())
    )


def shortages_of(
    products: Mapping[int, Product],
    demand: Mapping[int, int],
    *,
    sells: Callable[[Product], bool] = is_active,
) -> list[Shortage]:
    """Return every product of which `demand` asks for more than there is, by name.

    What `sells` says no to has none available, and neither has what is not among `products`.
    """
    short = []
    for product_id, requested in demand.items():
        product = products.get(product_id)
        available = product.stock if product is not None and sells(product) else 0
        if requested > available:
            short.append(
                Shortage(
                    product_id=product_id,
                    name=product.name if product else f"Product {product_id}",
                    sku=product.sku if product else "",
                    requested=requested,
                    available=available,
                )
            )
    return sorted(short, key=lambda shortage: (shortage.name, shortage.product_id))


def return_stock(order_ids: Collection[int]) -> dict[int, int]:
    """Give back what these orders hold, once, and return how many came back by product.

    What an order holds is what its rows of the ledger add up to, so that doing it again finds nothing. In
    the caller's transaction, who has locked the orders. The products may have gone inactive meanwhile: their
    stock is theirs all the same.
    """
    if not order_ids:
        return {}
    of_orders = StockMovement.objects.filter(order_id__in=among(order_ids))
    # By a subquery: where the orders hold nothing, as most that go wrong, this is the only statement.
    products = Product.objects.locked().filter(pk__in=of_orders.values("product_id"))
    if not list(products.values_list("pk", flat=True)):
        return {}
    # Read under the locks: whoever gave it back before us has committed.
    held = (
        of_orders.values("order_id", "product_id")
        .annotate(total=Sum("change"))
        .filter(total__lt=0)
        .order_by("order_id", "product_id")
    )
    return _move(
        StockMovement(
            product_id=row["product_id"],
            change=-row["total"],
            reason=Reason.RETURNED,
            order_id=row["order_id"],
        )
        for row in held
    )


@transaction.atomic
def adjust_stock(
    *,
    product_id: int,
    change: int,
    reason: str = Reason.ADJUSTED,
    note: str = "",
    by: User | None = None,
    precondition: Callable[[Product], None] | None = None,
) -> Product:
    """Change the stock of one product by hand, up or down, and return it as it then is.

    `precondition` is called with the locked product before anything changes, and may raise. Raises
    `ProductNotFound`, `InsufficientStock` where more would go than there is, and `Invalid` for no change
    or one beyond all bounds.
    """
    product = lock_products([product_id]).get(product_id)
    if product is None:
        raise ProductNotFound
    if precondition is not None:
        precondition(product)
    if change == 0 or abs(change) > MAX_STOCK:
        raise Invalid({"change": [f"Must be from 1 to {MAX_STOCK}, up or down."]})
    adjust_locked({product: change}, reason=reason, note=note, by=by)
    product.refresh_from_db(fields=["stock", "version", "updated_at"])
    return product


@transaction.atomic
def adjust_locked(
    changes: Mapping[Product, int],
    *,
    reason: str,
    note: str = "",
    by: User | None = None,
) -> None:
    """Change the stock of products by hand that the caller has locked, all or nothing.

    Raises `InsufficientStock`, which lists every product of which more would go than there is, and
    `Invalid` for what no product or ledger can hold.
    """
    if reason not in BY_HAND:
        raise Invalid({"reason": [f"Must be one of {', '.join(BY_HAND)}."]})
    if len(note) > MAX_NOTE_LENGTH:
        raise Invalid({"note": [f"Must have at most {MAX_NOTE_LENGTH} characters."]})
    shortages = [
        Shortage(product.pk, product.name, product.sku, -change, product.stock)
        for product, change in changes.items()
        if product.stock + change < 0
    ]
    if shortages:
        raise InsufficientStock(shortages)
    if any(product.stock + change > MAX_STOCK for product, change in changes.items()):
        raise Invalid({"change": [f"There would be more than {MAX_STOCK}."]})
    _move(
        StockMovement(product=product, change=change, reason=reason, note=note, by=by)
        for product, change in changes.items()
    )


# The changes of all products come as one value: the statement is the same for one and for a thousand, so
# that the database plans it once.
_CHANGES = {
    "postgresql": "unnest(%s::bigint[], %s::bigint[]) AS moved(id, change)",
    "sqlite": "(SELECT CAST(key AS INTEGER) AS id, value AS change FROM json_each(%s)) AS moved",
}
_UPDATE = """
    UPDATE catalog_product
    SET stock = stock + moved.change, version = version + 1, updated_at = %s
    FROM {changes} WHERE catalog_product.id = moved.id
"""


def _move(movements: Iterable[StockMovement]) -> dict[int, int]:
    """Write locked stock and its ledger, a statement each; return the change by product."""
    movements = list(movements)
    changes: Counter[int] = Counter()
    for movement in movements:
        changes[movement.product_id] += movement.change
    if not changes:
        return {}
    moved: list[Any] = [json.dumps(changes)]
    if connection.vendor == "postgresql":
        moved = [list(changes.keys()), list(changes.values())]
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(
            _UPDATE.format(changes=_CHANGES[connection.vendor]), [now, *moved]
        )
    StockMovement.objects.bulk_create(movements)
    return dict(changes)
