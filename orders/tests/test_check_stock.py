"""`manage.py check_stock` finds every difference between stock, ledger and orders."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.tests.factories import make_user
from cart.services import add_item
from catalog.models import Product, StockMovement
from catalog.services import adjust_stock
from catalog.tests.factories import make_product, make_storefront
from orders.models import Order
from orders.services import check_out, delete_order, update_order
from orders.tests.factories import make_order
from orders.tests.shopping import seller_of

pytestmark = pytest.mark.django_db


def checked() -> tuple[str, str]:
    """Run the command; return its output, and its complaint if it exits with 1."""
    out = StringIO()
    try:
        call_command("check_stock", stdout=out)
    except CommandError as exc:
        return out.getvalue(), f"{exc.returncode}: {exc}"
    return out.getvalue(), ""


def buy(product: Product, quantity: int) -> Order:
    """Place an order of a new customer for the product."""
    customer = make_user()
    add_item(user=customer, product_id=product.pk, quantity=quantity)
    return check_out(by=customer, fields={"shipping_address": "1 Street"})


@pytest.fixture
def product() -> Product:
    """A product of the storefront, with ten on hand."""
    return make_product(make_storefront())


AGREED = ("Stock, ledger and orders agree.\n", "")


def test_an_empty_shop_agrees() -> None:
    assert checked() == AGREED


def test_agrees_after_any_service(product: Product) -> None:
    orders = [buy(product, 1) for _ in range(4)]
    seller = seller_of(orders[0])
    adjust_stock(product_id=product.pk, change=-3)
    for order, status in zip(orders, ("cancelled", "failed", "active"), strict=False):
        update_order(order_id=order.pk, by=seller, fields={"status": status})
    delete_order(order_id=orders[3].pk, by=seller)
    update_order(order_id=orders[1].pk, by=seller, fields={"status": "pending"})
    make_order(make_user())

    product.refresh_from_db()
    assert product.stock == 5
    assert checked() == AGREED


def test_finds_stock_that_differs_from_the_ledger(product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(stock=12)
    bare = make_product(product.project, stock=0)
    Product.objects.filter(pk=bare.pk).update(stock=1)

    table, complaint = checked()

    assert table.splitlines() == [
        "product  stock  ledger",
        f"{product.pk:<7}  12     10",
        f"{bare.pk:<7}  1      0",
        "",
    ]
    assert complaint == "1: Products: 2 wrong. Holds of orders: 0 wrong."


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_finds_a_failed_or_cancelled_order_that_returned_nothing(
    product: Product, status: str
) -> None:
    order = buy(product, 3)
    Order.objects.filter(pk=order.pk).update(status=status)

    assert checked() == (
        f"order  product  holds  should hold\n{order.pk:<5}  {product.pk:<7}  3      0\n\n",
        "1: Products: 0 wrong. Holds of orders: 1 wrong.",
    )


def test_finds_stock_that_a_deleted_order_still_holds(product: Product) -> None:
    order = buy(product, 3)
    Order.objects.filter(pk=order.pk).delete()

    assert f"{order.pk:<5}  {product.pk:<7}  3      0\n" in checked()[0]


def test_finds_an_open_order_that_has_returned_its_stock(
    product: Product,
) -> None:
    order = buy(product, 3)
    StockMovement.objects.create(product=product, order_id=order.pk, change=3, reason="returned")
    Product.objects.filter(pk=product.pk).update(stock=10)

    assert f"{order.pk:<5}  {product.pk:<7}  0      3\n" in checked()[0]
