"""The checkout in the shop: what it asks and orders, and what it does if things have changed."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import Project, User
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from cart.tests.factories import make_cart
from catalog.models import Product
from catalog.tests.factories import make_product, make_storefront
from orders.models import Order
from orders.pages.checkout import changes_between
from orders.tests.shopping import check_books, in_cart, stock_of

pytestmark = pytest.mark.django_db

CHECKOUT = "/shop/checkout"
ADDRESS = {
    "shipping_address": "12 Quay Street\nBristol",
    "phone_number": "+44 117 496 0000",
    "notes": "Ring twice",
}


@pytest.fixture
def shop() -> Project:
    return make_storefront(currency="EUR")


@pytest.fixture
def customer() -> User:
    return make_user(phone="+44 117 496 0001", address="1 Old Road\nBath")


@pytest.fixture
def browser(customer: User) -> Client:
    return browser_of(customer)


def make_lamp(shop: Project, **fields: Any) -> Product:
    return make_product(
        shop, **{"name": "Desk lamp", "price": Decimal("19.50"), "currency": "EUR", **fields}
    )


def hidden_in(response: Any) -> dict[str, str]:
    html = response.content.decode()
    return dict(re.findall(r'<input type="hidden" name="(seen|key)" value="([^"]+)"', html))


def opened(browser: Client) -> dict[str, str]:
    """Open the checkout, and return what its form sends once the address is filled in."""
    return {**hidden_in(browser.get(CHECKOUT)), **ADDRESS}


def alert_in(response: Any) -> str:
    found = re.search(r'role="alert".*?</div>', response.content.decode(), re.DOTALL)
    assert found
    return found[0]


def test_the_cart_is_ordered_once_for_each_form(
    shop: Project, customer: User, browser: Client
) -> None:
    lamp = make_lamp(shop, stock=5)
    make_cart(customer, {lamp: 2})
    page = browser.get(CHECKOUT)
    form = opened(browser)

    first, second = browser.post(CHECKOUT, form), browser.post(CHECKOUT, form)

    html = page.content.decode()
    assert "1 Old Road\nBath</textarea>" in html
    assert 'value="+44 117 496 0001"' in html
    assert "39.00 <abbr>EUR</abbr>" in html
    assert "Place order</button>" in html
    order = Order.objects.get()
    assert first["Location"] == second["Location"] == f"/shop/orders/{order.pk}"
    assert (order.owner, order.provider, order.total_price) == (
        customer,
        "storefront",
        Decimal(39),
    )
    assert {name: getattr(order, name) for name in ADDRESS} == ADDRESS
    assert (in_cart(customer), stock_of(lamp)) == ({}, [3])
    assert (
        f"Thank you. Your order #{order.pk} is placed."
        in browser.get(first["Location"]).content.decode()
    )
    check_books()


def test_a_form_that_has_placed_an_order_leads_to_it(
    shop: Project, customer: User, browser: Client
) -> None:
    lamp = make_lamp(shop)
    make_cart(customer, {lamp: 1})
    form = opened(browser)
    browser.post(CHECKOUT, form)
    make_cart(customer, {lamp: 1})

    response = browser.post(CHECKOUT, {**form, "notes": "Ring once"})

    assert (response.status_code, response["Location"]) == (303, "/shop/orders")
    html = browser.get("/shop/orders").content.decode()
    assert "This form has placed an order already" in html
    assert (Order.objects.count(), in_cart(customer)) == (1, {lamp.pk: 1})


def test_two_forms_of_one_cart_order_it_once(
    shop: Project, customer: User, browser: Client
) -> None:
    make_cart(customer, {make_lamp(shop): 1})
    one, other = opened(browser), opened(browser)
    browser.post(CHECKOUT, one)

    response = browser.post(CHECKOUT, other)

    assert (response.status_code, response["Location"]) == (303, "/shop/cart")
    assert "What you have ordered is under Orders." in browser.get("/shop/cart").content.decode()
    assert Order.objects.count() == 1


def test_whoever_has_not_seen_the_price_orders_nothing(
    shop: Project, customer: User, browser: Client
) -> None:
    lamp, rug, mug = (make_lamp(shop, name=name) for name in ("Lamp", "<b>Rug", "Mug"))
    make_cart(customer, {lamp: 1, mug: 1})
    form = opened(browser)
    Product.objects.filter(pk=lamp.pk).update(price=25)
    Product.objects.filter(pk=mug.pk).update(is_active=False)
    make_cart(customer, {rug: 2})

    response = browser.post(CHECKOUT, form)

    words = alert_in(response)
    assert response.status_code == 412
    assert "Lamp now costs 25.00 EUR instead of 19.50." in words
    assert "&lt;b&gt;Rug is new in your cart." in words
    assert "1 product is no longer in your cart, or no longer sold." in words
    assert "Ring twice" in response.content.decode()
    assert (Order.objects.count(), stock_of(lamp)) == (0, [10])
    # Whoever agrees sends it again.
    again = browser.post(CHECKOUT, {**hidden_in(response), **ADDRESS})
    assert again.status_code == 303
    assert Order.objects.get().total_price == 64


def test_a_shortage_leads_to_the_cart_which_names_it(
    shop: Project, customer: User, browser: Client
) -> None:
    lamp, rug = make_lamp(shop, name="Lamp", stock=2), make_lamp(shop, name="Rug", stock=2)
    make_cart(customer, {lamp: 2, rug: 2})
    form = opened(browser)
    Product.objects.filter(pk=lamp.pk).update(stock=1)
    Product.objects.filter(pk=rug.pk).update(stock=0)

    response = browser.post(CHECKOUT, form)

    assert (response.status_code, response["Location"]) == (303, "/shop/cart")
    words = alert_in(browser.get("/shop/cart"))
    assert "Lamp</a>: Only 1 left." in words
    assert "Rug</a>: Sold out." in words
    assert browser.get(CHECKOUT)["Location"] == "/shop/cart"
    assert (Order.objects.count(), in_cart(customer)) == (0, {lamp.pk: 2, rug.pk: 2})


def test_an_empty_cart_cannot_be_checked_out(shop: Project, browser: Client) -> None:
    assert browser.get(CHECKOUT)["Location"] == "/shop/cart"
    form = {**ADDRESS, "seen": "1x1@1.00EUR", "key": "k"}
    assert browser.post(CHECKOUT, form)["Location"] == "/shop/cart"
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"shipping_address": " "},
        {"shipping_address": "x" * 1001},
        {"phone_number": "1" * 33},
        {"notes": "x" * 5001},
        {"notes": "a\x00b"},
        {"key": ""},
        {"seen": ""},
    ],
)
def test_a_wrong_form_orders_nothing_and_keeps_what_was_typed(
    wrong: dict[str, str], shop: Project, customer: User, browser: Client
) -> None:
    make_cart(customer, {make_lamp(shop): 1})

    response = browser.post(CHECKOUT, {**opened(browser), **wrong})

    assert response.status_code == 400
    assert "Please check what you entered" in alert_in(response)
    assert "12 Quay Street" in response.content.decode() or "shipping_address" in wrong
    assert not Order.objects.exists()


@pytest.mark.parametrize("seen", ["rubbish", "1x1@1.00EUR;" * 50, "9" * 400, "0x0@0EUR"])
def test_what_the_customer_claims_to_have_seen_is_not_believed(
    seen: str, shop: Project, customer: User, browser: Client
) -> None:
    make_cart(customer, {make_lamp(shop): 1})

    response = browser.post(CHECKOUT, {**opened(browser), "seen": seen})

    assert response.status_code == 412
    assert not Order.objects.exists()


def test_a_changed_quantity_is_told(shop: Project, customer: User) -> None:
    lamp = make_lamp(shop)
    cart = make_cart(customer, {lamp: 3})

    assert list(changes_between(f"{lamp.pk}x1@19.50EUR", cart)) == ["Desk lamp: 3 instead of 1."]


def test_visitors_and_other_sites_order_nothing(
    client: Client, shop: Project, customer: User, browser: Client
) -> None:
    make_cart(customer, {make_lamp(shop): 1})
    form = opened(browser)
    browser.handler.enforce_csrf_checks = True

    assert client.get(CHECKOUT)["Location"] == "/sign-in?next=%2Fshop%2Fcheckout"
    assert client.post(CHECKOUT, form).status_code == 401
    assert browser.post(CHECKOUT, form).status_code == 403
    assert not Order.objects.exists()
