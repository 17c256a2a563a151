"""Imports of a catalogue while customers check out from it."""

from collections.abc import Callable

import pytest

from accounts.models import User
from accounts.tests.factories import make_user
from cart.services import add_item
from catalog.errors import InsufficientStock
from catalog.models import Product
from catalog.queries.inventory import stock_differences
from catalog.services import import_products
from catalog.tests.factories import make_product, make_storefront
from orderchainer.testing.races import race
from orders.holds import wrong_holds
from orders.models import Order
from orders.services import check_out

pytestmark = [pytest.mark.django_db(transaction=True)]


def customer_with(*products: Product) -> User:
    """Return a customer with three of each product in the cart."""
    customer = make_user()
    for product in products:
        add_item(user=customer, product_id=product.pk, quantity=3)
    return customer


def buying(customer: User) -> Callable[[], Order]:
    """Return the work of checking out."""
    return lambda: check_out(by=customer, fields={"shipping_address": "1 Street"})


@pytest.mark.parametrize("column", ["stock", "stock_change"])
def test_imports_and_checkouts_never_deadlock_and_lose_nothing(column: str) -> None:
    shop = make_storefront()
    products = [make_product(shop, sku=f"L-{number}", stock=10) for number in range(3)]
    lines = [f"L-{number},7.50,Lamps,5" for number in range(3)]
    head = f"sku,price,category,{column}"

    def importing(rows: list[str]) -> Callable[[], object]:
        content = "\n".join([head, *rows]).encode()
        return lambda: import_products(project=shop, content=content)

    outcomes = race(
        *[buying(customer_with(*products)) for _ in range(2)],
        *[buying(customer_with(*reversed(products))) for _ in range(2)],
        importing(lines),
        importing(lines[::-1]),
    )

    unforeseen = [
        outcome
        for outcome in outcomes
        if isinstance(outcome, Exception) and not isinstance(outcome, InsufficientStock)
    ]
    assert not unforeseen
    assert stock_differences() == []
    assert wrong_holds() == []
    # All lines of an order have prices from before the import, or all from after it.
    for order in Order.objects.all():
        assert len(set(order.items.values_list("unit_price", flat=True))) == 1
