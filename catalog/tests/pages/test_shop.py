"""The shop's catalogue and the page of a product: what they show, to whom, and from which cache."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import Project
from accounts.services import create_project
from accounts.tests.browsers import browser_of
from accounts.tests.factories import make_user
from catalog import trigrams
from catalog.models import Product
from catalog.pages.shop import PAGE_SIZE
from catalog.tests.factories import make_category, make_product, make_storefront
from orderchainer.core.ids import MAX_ID

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)> & \"'{{ 7 }}"


@pytest.fixture
def shop() -> Project:
    return make_storefront(name="The Lamp Shop", currency="EUR")


def page_at(client: Client, path: str = "/shop/", **query: str | int) -> str:
    response: Any = client.get(path, query)
    assert response.status_code == 200, response
    html: str = response.content.decode()
    return html


def names_on(html: str) -> list[str]:
    return re.findall(r'<h2><a href="/shop/products/\d+">(.+?)</a></h2>', html)


def test_visitors_see_what_is_on_sale(client: Client, shop: Project) -> None:
    make_product(shop, name="Desk lamp", price=Decimal("1234.50"), currency="EUR", stock=35)
    make_product(shop, name="Arc lamp", stock=3)
    make_product(shop, name="Lantern", stock=0, featured=True)
    make_product(shop, name="Rug", featured=True)
    make_product(shop, name="Hidden", is_active=False)
    make_product(create_project(owner=make_user(), name="Other"), name="Elsewhere")

    html = page_at(client)

    assert names_on(html) == ["Rug", "Desk lamp", "Arc lamp", "Lantern"]
    assert "1,234.50 <abbr>EUR</abbr>" in html
    assert all(words in html for words in ("35 left", "Only 3 left", "Sold out"))


def test_the_address_filters_and_sorts(client: Client, shop: Project) -> None:
    lamps = make_category(shop, "Lamps")
    desk = make_category(shop, "Desk lamps", lamps)
    make_category(shop, "Empty")
    make_product(shop, name="Cheap", price=Decimal(10), category=desk)
    make_product(shop, name="Dear", price=Decimal(90), category=lamps, stock=0)
    make_product(shop, name="Rug", price=Decimal(50))

    assert names_on(page_at(client, category=lamps.pk)) == ["Cheap", "Dear"]
    assert names_on(page_at(client, category=lamps.pk, in_stock="true")) == ["Cheap"]
    assert names_on(page_at(client, price_min=20, price_max=60)) == ["Rug"]
    assert names_on(page_at(client, sort="-price")) == ["Dear", "Rug", "Cheap"]
    assert names_on(page_at(client, q="rug")) == ["Rug"]
    html = page_at(client, q="nothing-like-it")
    assert names_on(html) == []
    assert "No products match" in html
    # Nobody is led to a category in which nothing is sold.
    assert "Empty" not in page_at(client)


@pytest.mark.parametrize(
    "query",
    [
        {"category": "99999999999999999999"},
        {"category": "x", "price_min": "NaN", "in_stock": "maybe", "sort": "stock"},
        {"price_min": "9", "price_max": "1"},
        {"q": "x" * 500},
        {"q": "a\x00b"},
        {"page": "zero"},
        {"page": "-1"},
    ],
)
def test_a_wrong_address_still_shows_the_shop(
    query: dict[str, str], client: Client, shop: Project
) -> None:
    make_product(shop, name="Lamp")

    assert "Lamp" in page_at(client, **query)


def test_a_page_behind_the_last_leads_to_the_first(client: Client, shop: Project) -> None:
    for number in range(PAGE_SIZE + 1):
        make_product(shop, name=f"Lamp {number}")

    assert names_on(page_at(client, page=2)) == [f"Lamp {PAGE_SIZE}"]
    assert client.get("/shop/", {"page": "9", "sort": "name"})["Location"] == "/shop/?sort=name"


def test_a_shop_that_is_not_there_yet_says_so(client: Client) -> None:
    assert "Nothing is for sale yet" in page_at(client)


def test_names_of_strangers_are_text(client: Client, shop: Project) -> None:
    Project.objects.filter(pk=shop.pk).update(name=HOSTILE, description=HOSTILE)
    # A name of a category has no `>`.
    aisle = make_category(shop, HOSTILE.replace(">", ""))
    product = make_product(shop, name=HOSTILE, description=HOSTILE, category=aisle)

    pages = [
        page_at(client),
        page_at(client, q=HOSTILE, category=aisle.pk),
        page_at(client, f"/shop/products/{product.pk}"),
    ]

    assert not any("<img src=x" in html for html in pages)
    assert all("&lt;img src=x" in html for html in pages)


@pytest.mark.parametrize("count", [3, PAGE_SIZE + 6])
@pytest.mark.parametrize("query", ["", "q=lamp", "category={aisle}&in_stock=true&page=1"])
def test_the_catalogue_takes_few_statements(
    query: str, count: int, client: Client, shop: Project
) -> None:
    trigrams.is_known_to_be_installed(connection.alias)
    aisle = make_category(shop, "Lamps")
    for number in range(count):
        make_product(shop, name=f"Desk lamp {number}", category=aisle)

    # Whoever has signed in also has a session and a cart.
    for browser, most in ((client, 3), (browser_of(make_user()), 5)):
        with CaptureQueriesContext(connection) as queries:
            response = browser.get(f"/shop/?{query.format(aisle=aisle.pk)}")

        assert response.status_code == 200
        assert len(queries) <= most


# --- One product ------------------------------------------------------------------------------


def test_a_product_is_shown_with_its_way_back(client: Client, shop: Project) -> None:
    lamps = make_category(shop, "Lamps")
    product = make_product(
        shop, name="Desk lamp", sku="LMP-1", description="One.\n\nTwo.", category=lamps, stock=35
    )

    html = page_at(client, f"/shop/products/{product.pk}/")

    assert "<h1>Desk lamp</h1>" in html
    assert f'href="/shop/?category={lamps.pk}">Lamps</a>' in html
    assert all(words in html for words in ("35 left", "LMP-1", "<p>One.</p><p>Two.</p>"))


def test_a_product_that_is_not_on_sale_is_not_there(client: Client, shop: Project) -> None:
    hidden = make_product(shop, is_active=False)
    other = make_product(create_project(owner=make_user(), name="Other"))

    for product_id in (hidden.pk, other.pk, 0, MAX_ID, 10**30):
        response = client.get(f"/shop/products/{product_id}")

        assert response.status_code == 404
        assert b"Back to the shop" in response.content


# --- Caches -----------------------------------------------------------------------------------


def test_caches_may_keep_what_visitors_without_a_cookie_see(client: Client, shop: Project) -> None:
    product = make_product(shop)

    for path in ("/shop/", f"/shop/products/{product.pk}"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first["ETag"]})

        assert first["Cache-Control"] == "public, max-age=60"
        assert {"Cookie", "HX-Request", "HX-Target"} <= set(first["Vary"].split(", "))
        assert not first.cookies
        assert "csrf" not in first.content.decode()
        assert (again.status_code, again.content) == (304, b"")
        assert again["Cache-Control"] == "public, max-age=60"
        Product.objects.filter(pk=product.pk).update(stock=F("stock") - 1)
        assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_no_cache_keeps_what_somebody_else_must_not_see(client: Client, shop: Project) -> None:
    user = make_user(first_name="Ada")
    signed_in = browser_of(user).get("/shop/")
    client.cookies["theme"] = "dark"
    with_cookie = client.get("/shop/")

    assert "Ada" in signed_in.content.decode()
    assert signed_in["Cache-Control"] == with_cookie["Cache-Control"] == "private, no-cache"
    assert Client().get("/shop/products/1")["Cache-Control"] == "private, no-cache"
    assert 'data-theme="dark"' in with_cookie.content.decode()


def test_visitors_have_a_limit_of_their_own(
    client: Client, shop: Project, settings: Settings
) -> None:
    settings.RATE_LIMIT_PAGES = "2/m"

    answers = [client.get("/shop/", {"q": "lamp"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    # What a cache keeps says nothing about one visitor.
    assert "RateLimit-Remaining" not in answers[0]
    assert answers[2]["Cache-Control"] == "private, no-cache"
    assert browser_of(make_user()).get("/shop/").status_code == 200


def test_refusals_count_under_the_limit_of_visitors_too(
    client: Client, shop: Project, settings: Settings
) -> None:
    settings.RATE_LIMIT_PAGES = "2/m"

    # A refused form shows the frame of the shop, which costs a statement.
    answers = [client.post("/shop/cart/items/1/remove") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]


def test_refusals_of_a_closed_catalogue_do_not_show_the_shop(
    client: Client, settings: Settings
) -> None:
    shop = make_storefront(name="The Secret Lamp Shop", currency="EUR")
    make_product(shop, category=make_category(shop, "Secret lamps"))
    settings.PUBLIC_CATALOG = False
    settings.RATE_LIMIT_PAGES = "3/m"

    answers = [client.post("/shop/"), client.post("/shop/checkout"), client.get("/shop/")]
    answers.append(client.get("/shop/"))

    assert [answer.status_code for answer in answers] == [401, 401, 302, 429]
    assert "Secret" not in "".join(answer.content.decode() for answer in answers)


def test_a_category_may_be_spelt_in_other_ways(client: Client, shop: Project) -> None:
    lamps = make_category(shop, "Lamps")
    make_product(shop, name="Cheap", category=lamps)

    html = page_at(client, category=f"0{lamps.pk}")

    assert names_on(html) == ["Cheap"]
    assert "A category that is gone" not in html
    assert f'<option value="{lamps.pk}" selected>' in html


def test_a_closed_catalogue_asks_to_sign_in(client: Client, shop: Project) -> None:
    with override_settings(PUBLIC_CATALOG=False):
        response = client.get("/shop/?q=lamp")
        assert response["Location"] == "/sign-in?next=%2Fshop%2F%3Fq%3Dlamp"
        assert response["Cache-Control"] == "private, no-cache"
        assert browser_of(make_user()).get("/shop/").status_code == 200
