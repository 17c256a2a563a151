"""Selling from stock when a handler of a project's orders makes one, for example for a caller."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from accounts.models import Project, User
from catalog.models import Product
from catalog.services import lock_products, take_stock
from orderchainer.core.errors import Invalid
from orderchainer.core.ids import MAX_ID
from orderchainer.core.money import as_written
from orders.lifecycle import GONE_WRONG
from orders.models import Order
from orders.services.items import AnyItemDraft, ItemDraft, StockItemDraft
from orders.services.rights import require_right_to_sell


@dataclass(frozen=True)
class Sale:
    """The items of a new order, and the locked products of those that are sold from stock."""

    items: Sequence[ItemDraft]
    currency: str
    products: Mapping[int, Product] = field(default_factory=dict)

    def take_stock(self, order: Order) -> None:
        """Take the stock of the stored order, all or nothing. Raises `InsufficientStock`.

        An order that went wrong before it began takes nothing.
        """
        demand: Counter[int] = Counter()
        for item in self.items:
            if item.product_id is not None:
                demand[item.product_id] += item.quantity
        if demand and order.status not in GONE_WRONG:
            take_stock(products=self.products, demand=demand, order_id=order.pk)


def open_sale(
    items: Sequence[AnyItemDraft], *, project: Project, currency: str | None, by: User
) -> Sale:
    """Lock the products that `items` are sold from, and write out each item as it will be stored.

    `currency` is what the caller asked for. Without it, an order has the currency of its products
    if they share one, otherwise the project's. If no item has a product, this locks nothing and
    checks no right.

    The caller has locked all orders that it will touch, and no product yet. Raises
    `SaleNotAllowed`, and `Invalid` for products of another project or currency.
    """
    wanted = {item.product_id for item in items if item.product_id is not None}
    if not wanted:
        plain = [item for item in items if isinstance(item, ItemDraft)]
        return Sale(plain, currency or project.currency)
    require_right_to_sell(by, project)
    locked = lock_products(pk for pk in wanted if 0 < pk <= MAX_ID)
    products = {pk: row for pk, row in locked.items() if row.project_id == project.pk}
    currency = currency or _currency_of(products.values(), project)
    drafts: list[ItemDraft] = []
    problems: list[str] = []
    for number, item in enumerate(items, start=1):
        product = products.get(item.product_id or 0)
        if item.product_id is not None and product is None:
            problems.append(f"Item {number}: This project has no product {item.product_id}.")
        elif isinstance(item, ItemDraft):
            drafts.append(item)
        elif product is not None:
            if item.unit_price is None and product.currency != currency:
                problems.append(
                    f"Item {number}: {product.name} is sold in {product.currency}. "
                    f"Give it a price in {currency}, or make the order in {product.currency}."
                )
            drafts.append(_draft_of(item, product))
    if problems:
        raise Invalid({"items": problems})
    return Sale(drafts, currency, products)


def _currency_of(products: Iterable[Product], project: Project) -> str:
    currencies = {product.currency for product in products}
    return currencies.pop() if len(currencies) == 1 else project.currency


def _draft_of(item: StockItemDraft, product: Product) -> ItemDraft:
    price = as_written(product.price, product.currency)
    return ItemDraft(
        name=item.name or product.name,
        sku=item.sku or product.sku,
        unit_price=price if item.unit_price is None else item.unit_price,
        quantity=item.quantity,
        product_id=product.pk,
    )
