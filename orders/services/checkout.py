"""From a cart to an order: the one place where cart, stock and order change together."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from accounts.models import User
from cart.errors import CartEmpty
from cart.services import claim_cart
from catalog.errors import InsufficientStock
from catalog.models import Product
from catalog.services import lock_products, take_stock
from catalog.services.stock import shortages_of
from orders.locks import lock_orders
from orders.models import Order
from orders.services.fields import ItemDraft, OrderFields
from orders.services.placing import create_order

MAX_TITLE = 255


@transaction.atomic
def check_out(
    *, by: User, fields: OrderFields, dependencies: Sequence[int] = ()
) -> Order:
    """Turn the cart of `by` into an order of the storefront and empty it, all or nothing.

    Prices and names are the products' of this moment. Records `order_created`. Raises `CartEmpty`,
    `InsufficientStock` that lists every product of which there is too little, and what `create_order`
    raises.
    """
    demand = claim_cart(by).quantities
    if not demand:
        raise CartEmpty
    if dependencies:
        # Orders before products, as everywhere; `create_order` finds them held.
        lock_orders(dependencies)
    products = lock_products(demand)
    if shortages := shortages_of(products, demand):
        raise InsufficientStock(shortages)
    first = next(iter(products.values()))
    order = create_order(
        by=by,
        fields={"currency": first.currency, "title": _title_of(products), **fields},
        dependencies=dependencies,
        items=[
            ItemDraft(
                name=product.name,
                sku=product.sku,
                unit_price=product.price,
                quantity=demand[product_id],
                product_id=product_id,
            )
            for product_id, product in products.items()
        ],
        project=first.project,
        provider=Order.Provider.STOREFRONT,
    )
    take_stock(products=products, demand=demand, order_id=order.pk)
    return order


def _title_of(products: Mapping[int, Product]) -> str:
    """Return what the order is called: its first product, and how many more there are."""
    first, *others = products.values()
    more = f" and {len(others)} more" if others else ""
    return f"{first.name[: MAX_TITLE - len(more)]}{more}"
