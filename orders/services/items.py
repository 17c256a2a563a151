"""The items of an order: how they add up, how they are stored, and when they may change."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from orderchainer.core.db.among import among
from orderchainer.core.errors import Invalid
from orderchainer.core.money import MAX_AMOUNT, ZERO, as_written, for_people
from orders.errors import ItemsFrozen
from orders.models import Order, OrderItem
from orders.services.fields import Changes, OrderFields, change

MAX_ITEMS = 500
MAX_QUANTITY = 1_000_000
MAX_TITLE_LENGTH = 255


@dataclass(frozen=True)
class ItemDraft:
    """An item as it should be stored. `unit_price` is in the order's currency."""

    name: str
    unit_price: Decimal
    quantity: int
    sku: str = ""
    # The product that the item was sold from. Only handlers of the project's orders may set it.
    product_id: int | None = None

    @property
    def total_price(self) -> Decimal:
        """Unit price times quantity."""
        return self.unit_price * self.quantity


@dataclass(frozen=True)
class StockItemDraft:
    """An item to sell from stock. Name, SKU and price are the product's, unless they are given."""

    product_id: int
    quantity: int
    name: str = ""
    sku: str = ""
    # In the order's currency.
    unit_price: Decimal | None = None


AnyItemDraft = ItemDraft | StockItemDraft


def total_of(items: Sequence[ItemDraft], stated: Decimal | None, currency: str) -> Decimal:
    """Return the sum of `items`. Raises `Invalid` if it is too large or not the `stated` one."""
    total = sum((item.total_price for item in items), ZERO)
    words = for_people(total, currency)
    if total > MAX_AMOUNT:
        words = f"They add up to {words}; an order may cost at most {MAX_AMOUNT}."
        raise Invalid({"items": [words]})
    if stated is not None and stated != total:
        words = f"It must be the sum of the items, {words}, or be left out."
        raise Invalid({"total_price": [words]})
    return as_written(total, currency)


def title_of(names: Sequence[str]) -> str:
    """Return a title for an order of items with these names: the first, and how many more."""
    first, *others = names
    more = f" and {len(others)} more" if others else ""
    return f"{first[: MAX_TITLE_LENGTH - len(more)]}{more}"


def write_items(order: Order, items: Sequence[ItemDraft]) -> None:
    """Store `items` as the items of `order`, in the given sequence."""
    OrderItem.objects.bulk_create(_row(order, item) for item in items)


def _row(order: Order, item: ItemDraft, *, pk: int | None = None) -> OrderItem:
    return OrderItem(
        pk=pk,
        order=order,
        name=item.name,
        sku=item.sku,
        unit_price=item.unit_price,
        quantity=item.quantity,
        product_id=item.product_id,
    )


def rewrite_items(order: Order, old: Mapping[int, ItemDraft], new: Sequence[ItemDraft]) -> None:
    """Turn the items `old`, by their ascending ids, into `new`. The caller has locked the order.

    It takes one statement if items are only changed, only added at the end, or only taken away, and
    otherwise two. The items keep their sequence, which is that of their ids.
    """
    staying = _staying(old, new)
    if gone := old.keys() - set(staying):
        order.items.filter(pk__in=among(gone)).delete()
    changed = [
        _row(order, item, pk=pk) for pk, item in zip(staying, new, strict=False) if item != old[pk]
    ]
    if changed:
        columns = ["name", "sku", "unit_price", "quantity", "product"]
        OrderItem.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["id"], update_fields=columns
        )
    if added := new[len(staying) :]:
        write_items(order, added)


def _staying(old: Mapping[int, ItemDraft], new: Sequence[ItemDraft]) -> list[int]:
    """Return the ids of the items that stay, one for each of the first of `new`."""
    same: list[int] = []
    for pk, item in old.items():
        if len(same) < len(new) and item == new[len(same)]:
            same.append(pk)
    # If `new` is `old` without some items, none of the others need change.
    return same if len(same) == len(new) else list(old)[: len(new)]


def changed_items(old: Sequence[ItemDraft], new: Sequence[ItemDraft]) -> Changes:
    """Return how the items change, or nothing if they stay the same."""
    return {} if list(old) == list(new) else {"items": change(_plain(old), _plain(new))}


def replace_items(
    order: Order, items: Sequence[ItemDraft], fields: OrderFields
) -> tuple[OrderFields, Changes]:
    """Store a whole new set of items; return `fields` with the new total, and what changed.

    Storing the same items again is no change. Raises `ItemsFrozen`, and `Invalid` for a total in
    `fields` that is not the sum.
    """
    old = [_draft(item, order.currency) for item in order.items.order_by("pk")]
    is_same = _as_written(old) == _as_written(items)
    if any(item.product_id for item in old) and not (is_same and _keeps_currency(order, fields)):
        raise ItemsFrozen(order.pk)
    if is_same and fields.get("total_price", order.total_price) == order.total_price:
        # The total of a mirrored order is its source's. It need not be the sum of the items.
        return fields, {}
    fields = _with_total(fields, old, items, order)
    if is_same:
        return fields, {}
    order.items.all().delete()
    write_items(order, items)
    return fields, {"items": change(_plain(old), _plain(items))}


def has_same_items(order: Order, items: Sequence[ItemDraft]) -> bool:
    """Tell whether `items`, as a client writes them, are the items of `order`."""
    old = [_draft(item, order.currency) for item in order.items.order_by("pk")]
    return _as_written(old) == _as_written(items)


def require_unchanged_items(order: Order, fields: OrderFields) -> None:
    """Refuse `fields` that contradict the items, which stay as they are.

    Raises `ItemsFrozen` for another currency than the items were sold in, and `Invalid` for
    another total than their sum.
    """
    if not _keeps_currency(order, fields) and has_sold_items(order):
        raise ItemsFrozen(order.pk)
    stated = fields.get("total_price")
    if stated is not None and stated != order.total_price and order.items.exists():
        raise Invalid({"total_price": ["It is the sum of the items; change those."]})


def has_sold_items(order: Order) -> bool:
    """Tell whether an item was sold from stock."""
    return order.items.filter(product__isnull=False).exists()


def _keeps_currency(order: Order, fields: OrderFields) -> bool:
    return fields.get("currency", order.currency) == order.currency


def _with_total(
    fields: OrderFields,
    old: Sequence[ItemDraft],
    items: Sequence[ItemDraft],
    order: Order,
) -> OrderFields:
    stated = fields.get("total_price")
    if items:
        currency = fields.get("currency", order.currency)
        return {**fields, "total_price": total_of(items, stated, currency)}
    if old and stated is None:
        return {**fields, "total_price": ZERO}
    return fields


def _draft(item: OrderItem, currency: str) -> ItemDraft:
    return ItemDraft(
        name=item.name,
        unit_price=as_written(item.unit_price, currency),
        quantity=item.quantity,
        sku=item.sku,
        product_id=item.product_id,
    )


def _as_written(items: Sequence[ItemDraft]) -> list[ItemDraft]:
    """Return `items` as a client would write them: without their products."""
    return [replace(item, product_id=None) for item in items]


def _plain(items: Sequence[ItemDraft]) -> list[dict[str, Any]]:
    lines = [asdict(item) for item in items]
    for line in lines:
        if line["product_id"] is None:
            del line["product_id"]
    return lines
