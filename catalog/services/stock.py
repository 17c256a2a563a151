"""Stock and its ledger, which only change together.

Every change of stock first locks the product's row; several rows are locked sorted by id. Orders
are always locked before products, so no two writers wait for each other. Even without these locks,
a constraint of the database keeps stock from falling below zero.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import Project, User
from catalog.errors import InsufficientStock, ProductNotFound, Shortage
from catalog.models import Product, StockMovement
from orderchainer.core.db.among import among
from orderchainer.core.db.prepared import Row, prepared
from orderchainer.core.errors import Invalid

Reason = StockMovement.Reason

# The most stock that people can enter. The column holds twice as much, so returns always fit.
MAX_STOCK = 10**9
MAX_NOTE_LENGTH = 255

# The reasons for changes by people; orders have the others.
BY_HAND = (Reason.INITIAL, Reason.RECEIVED, Reason.ADJUSTED, Reason.IMPORTED)


def lock_products(
    product_ids: Iterable[int] | QuerySet[Any, Any],
) -> dict[int, Product]:
    """Lock products against other changes of their stock. Return those that exist, by id.

    `product_ids` may be a query. Each product comes with its project, which is not locked.
    """
    wanted = product_ids if isinstance(product_ids, QuerySet) else among(product_ids)
    products = map(_loaded, _locked_rows(wanted))
    return {product.pk: product for product in products}


_COLUMNS = [field.attname for field in Product._meta.concrete_fields]
_COLUMNS_OF_PROJECT = [field.attname for field in Project._meta.concrete_fields]


def _rows_among(ids: QuerySet[Any, Any] | RawSQL) -> QuerySet[Product, Row]:
    rows: QuerySet[Product, Row] = (
        Product.objects.filter(pk__in=ids)
        .order_by("pk")
        .values(*_COLUMNS, *(f"project__{name}" for name in _COLUMNS_OF_PROJECT))
    )
    return rows


# Every checkout makes this read. Compiling it took a tenth of a checkout's processor time.
_locked_rows = prepared(_rows_among, locking=Product)


def _loaded(row: Row) -> Product:
    """Return the product in a row of `_locked_rows`, with its project."""
    values = list(row.values())
    product = Product.from_db(DEFAULT_DB_ALIAS, _COLUMNS, values[: len(_COLUMNS)])
    product.project = Project.from_db(
        DEFAULT_DB_ALIAS, _COLUMNS_OF_PROJECT, values[len(_COLUMNS) :]
    )
    return product


def take_stock(
    *, products: Mapping[int, Product], demand: Mapping[int, int], order_id: int
) -> None:
    """Take `demand` (how many, by product) for an order, all or nothing. Needs a transaction.

    The caller has locked `products`. Raises `InsufficientStock`, which lists every product of which
    there is too little; an inactive product counts as having none.
    """
    take_stock_for(products=products, demands={order_id: demand})


def take_stock_for(
    *, products: Mapping[int, Product], demands: Mapping[int, Mapping[int, int]]
) -> None:
    """Take what several orders demand (how many, by order and product), for all of them or none.

    See `take_stock`. The shortages say what all orders together ask for.
    """
    total: Counter[int] = Counter()
    for demand in demands.values():
        total.update(demand)
    if shortages := shortages_of(products, total):
        raise InsufficientStock(shortages)
    _move(
        StockMovement(
            product_id=product_id,
            change=-quantity,
            reason=Reason.SOLD,
            order_id=order_id,
        )
        for order_id, demand in sorted(demands.items())
        for product_id, quantity in sorted(demand.items())
    )


def shortages_of(products: Mapping[int, Product], demand: Mapping[int, int]) -> list[Shortage]:
    """Return every product of which `demand` asks for more than there is, sorted by name.

    A product that is missing in `products` or inactive counts as having none.
    """
    short = []
    for product_id, requested in demand.items():
        product = products.get(product_id)
        available = product.stock if product is not None and product.is_active else 0
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
    """Give back what these orders hold, and return how many came back by product.

    An order holds the sum of its ledger rows, so a second call finds nothing. Runs in the caller's
    transaction, which has locked the orders. Inactive products get their stock back too.
    """
    if not order_ids:
        return {}
    of_orders = StockMovement.objects.filter(order_id__in=among(order_ids))
    # With a subquery this is the only statement if the orders hold nothing, as most of them do.
    products = Product.objects.locked().filter(pk__in=of_orders.values("product_id"))
    if not list(products.values_list("pk", flat=True)):
        return {}
    # Read this under the locks: others who gave stock back before us have committed by now.
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
    """Change the stock of one product by hand, up or down, and return the product.

    `precondition` is called with the locked product before anything changes, and may raise. Raises
    `ProductNotFound`, `InsufficientStock` if there is too little, and `Invalid` for a change that
    is zero or out of bounds.
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
    """Change the stock of products that the caller has locked, by hand, all or nothing.

    Raises `InsufficientStock`, which lists every product of which there is too little, and
    `Invalid` for values that a product or the ledger cannot hold.
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
        raise Invalid({"change": [f"There would be more than {MAX_STOCK} in stock."]})
    _move(
        StockMovement(product=product, change=change, reason=reason, note=note, by=by)
        for product, change in changes.items()
    )


# The changes of all products are one parameter. So the statement is the same for one product and
# for a thousand, and the database plans it once.
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
    """Write the stock and the ledger with one statement each; return the change by product."""
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
        cursor.execute(_UPDATE.format(changes=_CHANGES[connection.vendor]), [now, *moved])
    StockMovement.objects.bulk_create(movements)
    return dict(changes)
