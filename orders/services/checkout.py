"""From a cart to an order: the one place where cart, stock and order change together."""

from collections.abc import Mapping, Sequence
from typing import cast

from django.db import transaction

from accounts.models import User
from cart.queries import cart_of
from cart.services import (
    Precondition,
    hold_cart_and_customer,
    lock_products_in_cart,
    take_from_cart,
)
from catalog.errors import InsufficientStock
from catalog.models import Product
from catalog.services import take_stock
from catalog.services.stock import shortages_of
from orderchainer.core.money import as_written, written
from orders.errors import CartEmpty, NothingSold, SeveralCurrencies
from orders.lifecycle import Status
from orders.models import Order
from orders.services.fields import OrderFields, contact_of
from orders.services.items import ItemDraft, title_of, total_of
from orders.services.placing import lock_dependencies, place


@transaction.atomic
def check_out(
    *,
    by: User,
    fields: OrderFields,
    dependencies: Sequence[int] = (),
    precondition: Precondition | None = None,
) -> Order:
    """Turn the cart of `by` into an order of the storefront and empty the cart, all or nothing.

    Products that the storefront does not sell any more stay in the cart.

    Prices and names are those of the products at this moment. The cart decides title, status and
    currency, whatever `fields` say; a stated total must be the cart's. `precondition` is called
    with the cart once prices and stock are locked and before anything changes, and may raise.

    Records `order_created` with `provider`, `total_price`, `currency` and `total_items`. Raises
    `CartEmpty`, `NothingSold`, `InsufficientStock` that lists every product of which there is too
    little, `SeveralCurrencies`, `Invalid` for a total that is too large, and
    everything that `create_order` raises.
    """
    # Every writer locks in this sequence, so no two wait for each other: customer, cart, orders,
    # products. The second of two checkouts at once finds the cart empty.
    has_cart = hold_cart_and_customer(by)
    locked = lock_dependencies(dependencies)
    products = lock_products_in_cart(by)
    if precondition is not None:
        # Prices are locked by now: customers pay what they have seen.
        precondition(cart_of(by.pk))

    # Products that are no longer sold stay in the cart and do not count. If there was no cart to
    # lock, another request may be creating one right now, so take nothing from it.
    sold = [pk for pk, product in products.items() if product.is_on_sale]
    demand = take_from_cart(by, sold) if has_cart else {}
    if products and not sold:
        raise NothingSold
    _require_sellable(products, demand)
    # The products in the sequence in which they were put into the cart.
    bought = [products[pk] for pk in demand]
    items = [_item_of(product, demand[product.pk]) for product in bought]
    order = _order_of(by, fields, bought, items)
    place(
        order,
        by=by,
        dependencies=dependencies,
        locked=locked,
        items=items,
        provider=str(order.provider),
        total_price=written(order.total_price, order.currency),
        currency=order.currency,
        total_items=sum(demand.values()),
    )
    take_stock(products=products, demand=demand, order_id=order.pk)
    return order


def _require_sellable(products: Mapping[int, Product], demand: Mapping[int, int]) -> None:
    """Refuse a `demand` (how many, by product) that one order cannot hold."""
    if not demand:
        raise CartEmpty
    if shortages := shortages_of(products, demand):
        raise InsufficientStock(shortages)
    currencies = {products[pk].currency for pk in demand}
    if len(currencies) > 1:
        raise SeveralCurrencies(sorted(currencies))


def _item_of(product: Product, quantity: int) -> ItemDraft:
    return ItemDraft(
        name=product.name,
        sku=product.sku,
        unit_price=as_written(product.price, product.currency),
        quantity=quantity,
        product_id=product.pk,
    )


def _order_of(
    customer: User,
    fields: OrderFields,
    bought: Sequence[Product],
    items: Sequence[ItemDraft],
) -> Order:
    """Return the unsaved order: the account's data, then `fields`, then what the cart decides."""
    of_cart: OrderFields = {
        "title": title_of([product.name for product in bought]),
        "status": Status.PENDING,
        "currency": bought[0].currency,
        "total_price": total_of(items, fields.get("total_price"), bought[0].currency),
    }
    return Order(
        owner=customer,
        project=bought[0].project,
        provider=Order.Provider.STOREFRONT,
        **cast(OrderFields, {**contact_of(customer, fields), **fields, **of_cart}),
    )
