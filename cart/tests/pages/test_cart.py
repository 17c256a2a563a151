"""The pages of the cart: what is in it, putting in, changing, removing, and what is in the way."""

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from cart.models import CartItem
from cart.tests.factories import make_cart
from catalog.models import Product
from catalog.tests.factories import make_product, make_storefront

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)> & \"'{{ 7 }}"
CART = "/shop/cart"


@pytest.fixture
def shop() -> Project:
    return make_storefront(currency="EUR")


@pytest.fixture
def customer() -> User:
    return make_user()


@pytest.fixture
def browser(customer: User) -> Client:
    return browser_of(customer)


def in_cart(user: User) -> dict[int, int]:
    return dict(CartItem.objects.filter(cart_id=user.pk).values_list("product_id", "quantity"))


def item_of(user: User, product: Product) -> int:
    return CartItem.objects.get(cart_id=user.pk, product=product).pk


def text_of(response: Any) -> str:
    html: str = response.content.decode()
    return html


def alerts_in(response: Any) -> str:
    return " ".join(
        re.findall(r'role="alert".*?</(?:ul|p>\s*</div)>', text_of(response), re.DOTALL)
    )


def add(browser: Client, product: Product, **fields: object) -> Any:
    sent = {"quantity": 1, "key": "once", **fields}
    return browser.post(f"/shop/products/{product.pk}/add", sent)


# --- Putting in -------------------------------------------------------------------------------


def test_a_product_is_put_into_the_cart_once_for_each_form(
    shop: Project, customer: User, browser: Client
) -> None:
    lamp = make_product(shop, name="Desk lamp", price=Decimal("19.50"), currency="EUR")

    first = add(browser, lamp, quantity=2)
    add(browser, lamp, quantity=2)

    assert (first.status_code, first["Location"]) == (303, CART)
    assert in_cart(customer) == {lamp.pk: 2}
    html = text_of(browser.get(CART))
    assert "Desk lamp is in your cart." in html
    assert "39.00 <abbr>EUR</abbr>" in html
    assert re.search(r'href="/shop/cart" aria-current="page">.*?Cart, 2 items<', html)


def test_the_page_of_a_product_has_the_form(shop: Project, browser: Client) -> None:
    lamp = make_product(shop)

    html = text_of(browser.get(f"/shop/products/{lamp.pk}"))
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', html))

    assert f'method="post" action="/shop/products/{lamp.pk}/add"' in html
    assert "Add to cart</button>" in html
    assert {"key", "csrfmiddlewaretoken"} <= sent.keys()


def test_a_visitor_comes_back_to_the_product_after_signing_in(
    client: Client, shop: Project, customer: User, browser: Client
) -> None:
    lamp = make_product(shop)
    path = f"/shop/products/{lamp.pk}/add?quantity=3"

    assert f'method="get" action="{path.partition("?")[0]}"' in text_of(
        client.get(f"/shop/products/{lamp.pk}")
    )
    assert client.get(path)["Location"] == f"/sign-in?{urlencode({'next': path})}"
    # A link never changes a cart. It only leads to the form.
    back = browser.get(path)["Location"]
    html = text_of(browser.get(back))
    assert (back, in_cart(customer)) == (f"/shop/products/{lamp.pk}?quantity=3", {})
    assert "Now you can add this to your cart." in html
    assert 'name="quantity" value="3"' in html


@pytest.mark.parametrize("quantity", ["4", "0", "-1", "", "two", "1.5", "9" * 30, "<b>"])
def test_a_quantity_that_is_not_possible_is_refused_on_the_products_page(
    quantity: str, shop: Project, customer: User, browser: Client
) -> None:
    lamp = make_product(shop, name="Desk lamp", stock=3)

    response = add(browser, lamp, quantity=quantity)

    assert response.status_code == 400
    assert "<h1>Desk lamp</h1>" in text_of(response)
    assert alerts_in(response)
    assert "<b>" not in text_of(response)
    assert in_cart(customer) == {}


def test_a_form_that_adds_never_takes_out(shop: Project, customer: User, browser: Client) -> None:
    lamp = make_product(shop)
    add(browser, lamp, quantity=3)

    few, fewer = (add(browser, lamp, quantity=each) for each in ("-1", "-" + "9" * 300))

    assert (few.status_code, fewer.status_code) == (400, 400)
    assert "Must be at least 1." in alerts_in(few)
    assert "Must be at least 1." in alerts_in(fewer)
    assert in_cart(customer) == {lamp.pk: 3}


def test_other_refusals_are_on_the_products_page_too(
    shop: Project, customer: User, browser: Client
) -> None:
    lamp = make_product(shop, currency="EUR")
    rug = make_product(shop, name="Rug", currency="USD")
    add(browser, lamp)

    other = add(browser, rug, key="two")

    assert other.status_code == 409
    assert "Rug is sold in USD, but your cart is in EUR" in alerts_in(other)
    assert in_cart(customer) == {lamp.pk: 1}


def test_somebody_goes_back_and_adds_more(shop: Project, customer: User, browser: Client) -> None:
    lamp = make_product(shop)
    add(browser, lamp, quantity=1)

    assert add(browser, lamp, quantity=2).status_code == 303
    assert in_cart(customer) == {lamp.pk: 3}


def test_what_is_not_sold_cannot_be_put_in(shop: Project, customer: User, browser: Client) -> None:
    gone = make_product(shop, is_active=False)

    assert add(browser, gone).status_code == 404
    assert (
        browser.post(f"/shop/products/{10**30}/add", {"quantity": 1, "key": "k"}).status_code == 404
    )
    assert in_cart(customer) == {}


# --- The cart ---------------------------------------------------------------------------------


def test_quantities_are_changed_and_products_removed(
    shop: Project, customer: User, browser: Client
) -> None:
    lamp, rug = make_product(shop, stock=5), make_product(shop)
    make_cart(customer, {lamp: 1, rug: 1})
    item = f"{CART}/items/{item_of(customer, lamp)}"

    changed = browser.post(item, {"quantity": "4"})
    assert (changed.status_code, in_cart(customer)) == (303, {lamp.pk: 4, rug.pk: 1})
    for _ in range(2):
        # Sent twice, or from two tabs.
        assert browser.post(f"{item}/remove").status_code == 303
    assert in_cart(customer) == {rug.pk: 1}
    assert browser.post(item, {"quantity": "1"}).status_code == 303
    assert browser.post(f"{CART}/items/{10**30}/remove").status_code == 303
    assert in_cart(customer) == {rug.pk: 1}


@pytest.mark.parametrize("quantity", ["6", "0", "", "x"])
def test_a_refused_quantity_stays_at_its_line(
    quantity: str, shop: Project, customer: User, browser: Client
) -> None:
    lamp = make_product(shop, stock=5)
    make_cart(customer, {lamp: 1})
    item_id = item_of(customer, lamp)

    response = browser.post(f"{CART}/items/{item_id}", {"quantity": quantity})

    assert response.status_code == 400
    assert f'value="{quantity}"' in text_of(response)
    assert f'aria-describedby="item-{item_id}-problem"' in text_of(response)
    assert in_cart(customer) == {lamp.pk: 1}


def test_the_cart_says_what_is_in_the_way(shop: Project, customer: User, browser: Client) -> None:
    scarce = make_product(shop, name="Armchair", stock=2, currency="EUR")
    empty = make_product(shop, name="Pouf", stock=0, currency="EUR")
    foreign = make_product(shop, name="Rug", currency="USD")
    gone = make_product(shop, name="Lantern", currency="EUR", is_active=False)
    make_cart(customer, {scarce: 3, empty: 1, foreign: 1, gone: 1})

    response = browser.get(CART)

    words = alerts_in(response)
    assert all(
        part in words
        for part in (
            "Armchair</a>: Only 2 left.",
            "Pouf</a>: Sold out.",
            "Rug</a>: This is sold in USD",
        )
    )
    assert "Lantern" not in words
    assert "This is no longer sold" in text_of(response)
    assert 'href="/shop/checkout"' not in text_of(response)


def test_what_is_no_longer_sold_bars_nobodys_way(
    shop: Project, customer: User, browser: Client
) -> None:
    make_cart(customer, {make_product(shop): 1, make_product(shop, is_active=False): 1})

    html = text_of(browser.get(CART))

    assert 'href="/shop/checkout"' in html
    assert "Cart, 1 item<" in html


def test_an_empty_cart_leads_back_to_the_shop(shop: Project, browser: Client) -> None:
    assert "Your cart is empty" in text_of(browser.get(CART))


def test_names_of_strangers_are_text(shop: Project, customer: User, browser: Client) -> None:
    make_cart(customer, {make_product(shop, name=HOSTILE, stock=1): 2})

    html = text_of(browser.get(CART))

    assert "<img src=x" not in html
    assert html.count("&lt;img src=x") >= 3


@pytest.mark.parametrize("count", [1, 12])
def test_the_cart_takes_few_statements(
    count: int, shop: Project, customer: User, browser: Client
) -> None:
    make_cart(customer, {make_product(shop): 1 for _ in range(count)})

    with CaptureQueriesContext(connection) as queries:
        assert browser.get(CART).status_code == 200

    assert len(queries) <= 4


# --- Strangers --------------------------------------------------------------------------------


def test_nobody_reaches_anothers_cart(shop: Project, customer: User) -> None:
    lamp = make_product(shop, name="Secret lamp")
    make_cart(customer, {lamp: 2})
    item = f"{CART}/items/{item_of(customer, lamp)}"
    stranger = browser_of(make_user())

    assert "Secret lamp" not in text_of(stranger.get(CART))
    stranger.post(item, {"quantity": "1"})
    stranger.post(f"{item}/remove")
    assert in_cart(customer) == {lamp.pk: 2}


def test_visitors_are_asked_to_sign_in(client: Client, shop: Project) -> None:
    lamp = make_product(shop)

    assert client.get(CART)["Location"] == "/sign-in?next=%2Fshop%2Fcart"
    for path in (f"/shop/products/{lamp.pk}/add", f"{CART}/items/1", f"{CART}/items/1/remove"):
        assert client.post(path, {"quantity": 1, "key": "k"}).status_code == 401


def test_forms_of_other_sites_change_nothing(shop: Project, customer: User) -> None:
    lamp = make_product(shop)
    make_cart(customer, {lamp: 2})
    browser = browser_of(customer)
    browser.handler.enforce_csrf_checks = True
    item = f"{CART}/items/{item_of(customer, lamp)}"

    for path in (f"/shop/products/{lamp.pk}/add", item, f"{item}/remove"):
        assert browser.post(path, {"quantity": 1, "key": "k"}).status_code == 403
    assert in_cart(customer) == {lamp.pk: 2}
