"""Stock and its ledger, which change together or not at all.

Whoever changes stock holds the product's row first, several in the order of their ids, and no order
after that: orders are locked before products everywhere, so that nobody waits in a circle. The
database's own constraint keeps stock from falling below zero even without these locks.
"""

from collections.abc import Collection, Iterable, Mapping

from django.db import transaction
from django.db.models import Case, F, Sum, Value, When
from django.utils import timezone

from accounts.models import User
from catalog.errors import InsufficientStock, ProductNotFound, Shortage
from catalog.models import Product, StockMovement
from orderchainer.api.errors import Invalid

Reason = StockMovement.Reason

# What a column holds; nobody has more of anything.
MOST_IN_STOCK = 2**31 - 1


def lock_products(product_ids: Iterable[int]) -> dict[int, Product]:
    """Lock products against any other change of their stock; those that exist come back by id."""
    rows = Product.objects.locked().filter(pk__in=set(product_ids))
    return {product.pk: product for product in rows}


@transaction.atomic
def take_stock(
    *, products: Mapping[int, Product], demand: Mapping[int, int], order_id: int
) -> None:
    """Take `demand` (how many, by product) for an order, all or nothing.

    `products` are locked by the caller. Raises `InsufficientStock`, which lists every product of which
    there is too little; one that is not sold any more has none left.
    """
    shortages = shortages_of(products, demand)
    if shortages:
        raise InsufficientStock(shortages)
    _move(
        {product_id: -quantity for product_id, quantity in demand.items()},
        [
            StockMovement(
                product_id=product_id,
                change=-quantity,
                reason=Reason.SOLD,
                order_id=order_id,
            )
            for product_id, quantity in sorted(demand.items())
        ],
    )


def shortages_of(
    products: Mapping[int, Product], demand: Mapping[int, int]
) -> list[Shortage]:
    """Return every product of which `demand` asks for more than there is, by name."""
    short = [
        Shortage(
            product_id=product_id,
            name=product.name,
            sku=product.sku,
            requested=demand[product_id],
            available=product.stock if product.is_active else 0,
        )
        for product_id, product in products.items()
        if demand.get(product_id, 0) > (product.stock if product.is_active else 0)
    ]
    return sorted(short, key=lambda shortage: (shortage.name, shortage.product_id))


@transaction.atomic
def return_stock(order_ids: Collection[int]) -> dict[int, int]:
    """Give back what these orders hold, once, and return how many came back by product.

    What an order holds is what its rows of the ledger add up to, so that doing it again finds nothing.
    The caller has locked the orders. The products may have gone inactive meanwhile: their stock is theirs
    all the same.
    """
    if not order_ids:
        return {}
    of_orders = StockMovement.objects.filter(order_id__in=order_ids)
    if not lock_products(of_orders.values_list("product_id", flat=True)):
        return {}
    held = (
        of_orders.values("order_id", "product_id")
        .annotate(total=Sum("change"))
        .filter(total__lt=0)
        .order_by("order_id", "product_id")
    )
    movements = [
        StockMovement(
            product_id=row["product_id"],
            change=-row["total"],
            reason=Reason.RETURNED,
            order_id=row["order_id"],
        )
        for row in held
    ]
    changes: dict[int, int] = {}
    for movement in movements:
        changes[movement.product_id] = (
            changes.get(movement.product_id, 0) + movement.change
        )
    _move(changes, movements)
    return changes


@transaction.atomic
def adjust_stock(
    *,
    product_id: int,
    change: int,
    reason: str = Reason.ADJUSTED,
    note: str = "",
    by: User | None = None,
) -> Product:
    """Change the stock of one product by hand, up or down, and return it as it then is.

    Raises `ProductNotFound`, `InsufficientStock` where more would go than there is, and `Invalid` for
    no change or one beyond all bounds.
    """
    if change == 0 or abs(change) > MOST_IN_STOCK:
        raise Invalid({"change": [f"Must be from 1 to {MOST_IN_STOCK}, up or down."]})
    product = lock_products([product_id]).get(product_id)
    if product is None:
        raise ProductNotFound
    if product.stock + change < 0:
        raise InsufficientStock(
            [Shortage(product.pk, product.name, product.sku, -change, product.stock)]
        )
    if product.stock + change > MOST_IN_STOCK:
        raise Invalid({"change": [f"There would be more than {MOST_IN_STOCK}."]})
    _move(
        {product.pk: change},
        [
            StockMovement(
                product=product, change=change, reason=reason, note=note, by=by
            )
        ],
    )
    product.refresh_from_db(fields=["stock", "version", "updated_at"])
    return product


def _move(changes: Mapping[int, int], movements: list[StockMovement]) -> None:
    """Write locked stock and its ledger, a statement each."""
    if not movements:
        return
    change = Case(
        *(When(pk=pk, then=Value(change)) for pk, change in changes.items()),
        default=Value(0),
    )
    Product.objects.filter(pk__in=changes).update(
        stock=F("stock") + change,
        version=F("version") + 1,
        updated_at=timezone.now(),
    )
    StockMovement.objects.bulk_create(movements)
