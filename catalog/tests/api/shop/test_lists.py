"""`/api/products/`: filters, sorting and pages."""

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from accounts.models import Project
from accounts.services import create_project
from accounts.tests.factories import make_user
from catalog.models import Product
from catalog.tests.api.shop.listing import ids
from catalog.tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db


# --- Filters ----------------------------------------------------------------------------------


def test_filters_by_price_stock_and_featured(client: APIClient, shop: Project) -> None:
    cheap = make_product(shop, price=Decimal("49.99"), stock=0, featured=True)
    middle = make_product(shop, price=Decimal("50.00"), stock=1)
    dear = make_product(shop, price=Decimal("500.01"), stock=9, featured=True)

    assert ids(client, "price_min=50") == [middle.pk, dear.pk]
    assert ids(client, "price_max=50.00") == [cheap.pk, middle.pk]
    assert ids(client, "price_min=50&price_max=50") == [middle.pk]
    assert ids(client, "in_stock=true") == [middle.pk, dear.pk]
    assert ids(client, "in_stock=False") == [cheap.pk]
    assert ids(client, "featured=1&in_stock=1") == [dear.pk]
    assert ids(client, "featured=0") == [middle.pk]
    # A form also sends the fields that were left empty. Unknown parameters are ignored.
    assert len(ids(client, "price_min=&in_stock=&search=&ordering=&category=")) == 3
    assert len(ids(client, "colour=red")) == 3


def test_selling_the_last_one_takes_a_product_out_of_those_in_stock(
    client: APIClient, shop: Project
) -> None:
    product = make_product(shop, stock=1)
    Product.objects.filter(pk=product.pk).update(stock=0)

    assert ids(client, "in_stock=true") == []
    assert ids(client, "in_stock=false") == [product.pk]


def test_filtering_by_a_category_includes_the_categories_in_it(
    client: APIClient, shop: Project
) -> None:
    top = make_category(shop, "Electronics")
    middle = make_category(shop, "Phones", top)
    bottom = make_category(shop, "Cases", middle)
    other = make_category(shop, "Garden")
    products = {
        shelf: make_product(shop, category=shelf, price=Decimal(5)).pk
        for shelf in (top, middle, bottom, other)
    }
    make_product(shop)

    assert ids(client, f"category={top.pk}") == list(products.values())[:3]
    assert ids(client, f"category={middle.pk}") == [products[middle], products[bottom]]
    assert ids(client, f"category={bottom.pk}&price_max=5") == [products[bottom]]
    assert ids(client, f"category={other.pk}&price_max=4") == []
    assert ids(client, "category=999999") == []


def test_a_category_of_another_project_finds_no_products(client: APIClient, shop: Project) -> None:
    another = create_project(owner=make_user(), name="Another")
    category = make_category(another)
    make_product(another, category=category)

    assert ids(client, f"category={category.pk}") == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("price_min=abc", "Enter a number."),
        ("price_min=NaN", "Enter a number."),
        ("price_min=1_000", "Enter a number."),
        ("price_max=\u0663", "Enter a number."),
        ("category=1_0", "Enter a number."),
        ("price_min=-Infinity", "Enter a number."),
        ("price_min=1%00", "Enter a number."),
        ("price_min=-1", "Ensure this value is greater than or equal to 0."),
        ("price_max=1.99999", "Ensure that there are no more than 4 decimal places."),
        ("price_min=5&price_max=4.99", "Must not be less than price_min."),
        ("category=abc", "Enter a number."),
        ("category=0", "Ensure this value is greater than or equal to 1."),
        ("category=1.5", "Ensure that there are no more than 0 decimal places."),
        ("in_stock=maybe", "Write true or false."),
        ("featured=2", "Write true or false."),
        ("search=a%00b", "Null characters are not allowed."),
        (
            "ordering=stock",
            '"stock" is not one of price, name, created_at, id.',
        ),
        (
            "ordering=project__owner",
            '"project__owner" is not one of price, name, created_at, id.',
        ),
        ("page=0", "Must be a whole number from 1 to 2147483647."),
        ("page=last", "Must be a whole number from 1 to 2147483647."),
        ("page_size=201", "Must be a whole number from 1 to 200."),
        ("page_size=-5", "Must be a whole number from 1 to 200."),
    ],
)
def test_a_condition_that_makes_no_sense_is_a_400_that_names_it(
    client: APIClient, shop: Project, query: str, message: str
) -> None:
    response = client.get(f"/api/products/?{query}")

    assert response.status_code == 400
    name = query.rpartition("&")[2].partition("=")[0]
    assert response.json() == {name: [message]}


@pytest.mark.parametrize(
    "query",
    [
        "price_min=1e30",
        "price_max=" + "9" * 5000,
        "price_min=1e999999999",
        "price_max=1e-999999999",
        "category=" + "9" * 40,
        "category=1e400",
        "search=" + "x" * 201,
        "page=" + "9" * 5000,
        "ordering=" + "x" * 5000,
        "in_stock=" + "x" * 5000,
    ],
)
def test_an_enormous_value_is_a_400_that_names_it(
    client: APIClient, shop: Project, query: str
) -> None:
    response = client.get(f"/api/products/?{query}")

    assert response.status_code == 400
    assert list(response.json()) == [query.partition("=")[0]]


def test_all_that_is_wrong_with_filters_is_said_at_once(client: APIClient, shop: Project) -> None:
    response = client.get("/api/products/?price_min=abc&in_stock=maybe")

    assert response.status_code == 400
    assert response.json() == {
        "price_min": ["Enter a number."],
        "in_stock": ["Write true or false."],
    }


# --- Order and pages --------------------------------------------------------------------------


def test_sorts_by_each_of_its_orders_and_turns_it_round(client: APIClient, shop: Project) -> None:
    pear = make_product(shop, name="Pear", price=Decimal(2))
    apple = make_product(shop, name="Apple", price=Decimal(3))
    plum = make_product(shop, name="Plum", price=Decimal(1))
    Product.objects.filter(pk=pear.pk).update(created_at=datetime(2030, 1, 1, tzinfo=UTC))

    assert ids(client) == [pear.pk, apple.pk, plum.pk]
    for ordering, expected in {
        "id": [pear, apple, plum],
        "name": [apple, pear, plum],
        "price": [plum, pear, apple],
        "created_at": [apple, plum, pear],
    }.items():
        in_order = [product.pk for product in expected]
        assert ids(client, f"ordering={ordering}") == in_order
        assert ids(client, f"ordering=-{ordering}") == in_order[::-1]


@pytest.mark.parametrize(
    "query",
    ["", "ordering=price", "ordering=-price", "ordering=-name,price", "search=lamp"],
)
def test_each_of_several_equal_products_is_on_one_page_only(
    client: APIClient, shop: Project, query: str
) -> None:
    products = {make_product(shop).pk for _ in range(7)}

    pages = [ids(client, f"{query}&page_size=3&page={page}") for page in (1, 2, 3)]

    assert [len(page) for page in pages] == [3, 3, 1]
    assert {product for page in pages for product in page} == products


@pytest.mark.parametrize("query", ["", "search=lamp", "search=lammp", "price_min=1"])
@pytest.mark.parametrize("page", [2, 2147483647])
def test_a_page_behind_the_last_is_not_there(
    client: APIClient, shop: Project, query: str, page: int
) -> None:
    make_product(shop)

    response = client.get(f"/api/products/?{query}&page={page}")

    assert response.status_code == 404
    assert response.json() == {"error": "There is no such page: the list ends before it."}


def test_a_full_last_page_leads_nowhere(client: APIClient, shop: Project) -> None:
    for _ in range(4):
        make_product(shop)

    body = client.get("/api/products/?page=2&page_size=2").json()

    assert (body["count"], body["next"], len(body["results"])) == (4, None, 2)
    assert body["previous"] == "http://testserver/api/products/?page=1&page_size=2"


def test_links_keep_what_was_asked_however_it_was_spelt(client: APIClient, shop: Project) -> None:
    for _ in range(3):
        make_product(shop, name="Ä lamp & more")

    body = client.get(f"/api/products/?search={quote('lamp & more')}&page_size=1&x=1&x=2").json()

    assert body["next"] == (
        "http://testserver/api/products/?search=lamp+%26+more&page_size=1&x=1&x=2&page=2"
    )
    assert client.get(body["next"]).json()["count"] == 3
