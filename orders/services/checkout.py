"""From a cart to an order: the one place where cart, stock and order change together."""

from collections.abc import Sequence
from typing import cast

from django.db import transaction

from accounts.models import User
from cart.errors import CartEmpty
from cart.queries import cart_of
from cart.services import (
    Precondition,
    empty_cart,
    hold_cart_and_customer,
    lock_products_in_cart,
)
from catalog.errors import InsufficientStock
from catalog.models import Product
from catalog.services import take_stock
from catalog.services.stock import shortages_of
from orders.errors import SeveralCurrencies
from orders.lifecycle import Status
from orders.models import Order
from orders.services.fields import ItemDraft, OrderFields, total_of
from orders.services.placing import lock_dependencies, place

MAX_TEXT_LENGTH = 255


@transaction.atomic
def check_out(
    *,
    by: User,
    fields: OrderFields,
    dependencies: Sequence[int] = (),
    precondition: Precondition | None = None,
) -> Order:
    """Turn the cart of `by` into an order of the storefront and empty it, all or nothing.

    Prices and names are the products' of this moment. What the cart decides is taken from there, whatever
    `fields` say: title, status, currency; a stated total has to be the cart's. `precondition` is called
    with the cart once prices and stock are locked, before anything changes, and may raise.

    Records `order_created`, with `provider`, `total_price`, `currency` and `total_items`. Raises `CartEmpty`,
    `InsufficientStock` that lists every product of which there is too little or that the storefront does
    not sell (any more), `SeveralCurrencies`, `Invalid` for a total beyond all bounds, and what
    `create_order` raises.
    """
    # Customer, cart, orders, products: as everywhere, so that nobody waits in a circle. Of two checkouts at
    # once the second finds the cart empty.
    is_held = hold_cart_and_customer(by)
    locked = lock_dependencies(dependencies)
    products = lock_products_in_cart(by)
    if precondition is not None:
        # Prices are locked by now: what the customer has seen is what they pay.
        precondition(cart_of(by.pk))
    # Who has no cart yet may just be getting one.
    demand = empty_cart(by) if is_held else {}
    if not demand:
        raise CartEmpty
    if shortages := shortages_of(products, demand, sells=_is_on_sale):
        raise InsufficientStock(shortages)
    # In the order in which they were put into the cart.
    bought = [products[pk] for pk in demand]
    currencies = {product.currency for product in bought}
    if len(currencies) > 1:
        raise SeveralCurrencies(sorted(currencies))
    items = [
        ItemDraft(
            name=product.name,
            sku=product.sku,
            unit_price=product.price,
            quantity=demand[product.pk],
            product_id=product.pk,
        )
        for product in bought
    ]
    of_cart: OrderFields = {
        "title": _title_of(bought),
        "status": Status.PENDING,
        "currency": bought[0].currency,
        "total_price": total_of(items, fields.get("total_price")),
    }
    order = Order(
        owner=by,
        project=bought[0].project,
        provider=Order.Provider.STOREFRONT,
        **cast(OrderFields, {**_customer(by, fields), **fields, **of_cart}),
    )
    place(
        order,
        by=by,
        dependencies=dependencies,
        locked=locked,
        items=items,
        provider=str(order.provider),
        total_price=str(order.total_price),
        currency=order.currency,
        total_items=sum(demand.values()),
    )
    take_stock(products=products, demand=demand, order_id=order.pk)
    return order


def _is_on_sale(product: Product) -> bool:
    return product.is_on_sale


def _title_of(products: Sequence[Product]) -> str:
    """Return what the order is called: its first product, and how many more there are."""
    first, *others = products
    more = f" and {len(others)} more" if others else ""
    return f"{first.name[: MAX_TEXT_LENGTH - len(more)]}{more}"


def _customer(user: User, fields: OrderFields) -> OrderFields:
    """Return whom the merchant sends it to, as the account has them."""
    return {
        "customer_name": user.name[:MAX_TEXT_LENGTH],
        "customer_email": user.email,
        "customer_phone": fields.get("phone_number") or user.phone,
    }
