"""Customers with full carts, and the books that must balance whatever they do."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from django.db.models import F, Sum

from accounts.models import User
from cart.models import CartItem
from cart.tests.factories import make_cart
from catalog.models import Product, StockMovement
from orders.lifecycle import GONE_WRONG
from orders.models import Order, OrderItem
from orders.services import OrderFields, check_out
from orders.stream.models import Event

Held = dict[tuple[int, int], int]


def fill_cart(customer: User, quantities: Mapping[Product, int]) -> None:
    """Put these quantities of the products into the cart, in this order."""
    make_cart(customer, quantities)


def buy(
    customer: User, quantities: Mapping[Product, int], *waits_for: Order, **fields: Any
) -> Order:
    """Check out a cart with these quantities, as an order that waits for `waits_for`."""
    fill_cart(customer, quantities)
    return check_out(
        by=customer,
        fields=cast(OrderFields, fields),
        dependencies=[order.pk for order in waits_for],
    )


def seller_of(order: Order) -> User:
    """Return a user who handles the orders of the project that sold `order`."""
    return order.project.members.earliest("pk")


def in_cart(customer: User) -> dict[int, int]:
    """Return what is in the cart: how many, by product."""
    items = CartItem.objects.filter(cart__user=customer)
    return dict(items.values_list("product_id", "quantity"))


def stock_of(*products: Product) -> list[int]:
    """Return what the database has on hand of each."""
    stock = dict(Product.objects.values_list("pk", "stock"))
    return [stock[product.pk] for product in products]


def ledger_of(product: Product) -> list[tuple[str, int]]:
    """Return the reasons and changes of a product's ledger, oldest first."""
    rows = StockMovement.objects.filter(product=product).order_by("pk")
    return list(rows.values_list("reason", "change"))


def check_books() -> None:
    """Check that stock, ledger, orders and events agree.

    The stock of a product is the sum of its ledger. In the ledger, an order holds what its lines
    say, or nothing once it failed, was cancelled or deleted. An order costs the sum of its lines
    and has the status of its last event.
    """
    ledger = dict(StockMovement.objects.values_list("product_id").annotate(total=Sum("change")))
    stock = dict(Product.objects.values_list("pk", "stock"))
    assert stock == {pk: ledger.get(pk, 0) for pk in stock}

    held: Held = {
        (order, product): -total
        for order, product, total in StockMovement.objects.exclude(order_id=None)
        .values_list("order_id", "product_id")
        .annotate(total=Sum("change"))
        if total
    }
    sold: Held = defaultdict(int)
    lines = OrderItem.objects.exclude(product=None)
    for order, product, quantity in lines.exclude(order__status__in=GONE_WRONG).values_list(
        "order_id", "product_id", "quantity"
    ):
        sold[order, product] += quantity
    assert held == sold

    totals = dict(
        OrderItem.objects.values_list("order_id").annotate(
            total=Sum(F("unit_price") * F("quantity"))
        )
    )
    shown = dict(Order.objects.filter(pk__in=totals).values_list("pk", "total_price"))
    assert shown == {pk: Decimal(total).quantize(Decimal("0.01")) for pk, total in totals.items()}

    told: dict[int, str] = {}
    created: dict[int, int] = defaultdict(int)
    for event in Event.objects.order_by("pk"):
        assert event.order_id is not None
        told[event.order_id] = event.data["status"]
        created[event.order_id] += event.type == "order_created"
    statuses = dict(Order.objects.values_list("pk", "status"))
    assert {pk: told[pk] for pk in statuses} == statuses
    assert set(created.values()) <= {1}
