"""How many statements the storefront's reads take, whatever the size of the catalogue."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.tests.factories import client_of, make_user
from catalog import trigrams
from catalog.api.shop.filters import ORDERINGS, narrowed
from catalog.models import Category, Product
from catalog.tests.factories import make_category, make_product, make_storefront

pytestmark = pytest.mark.django_db

# One statement finds the caller.
AUTHENTICATION = 1


@pytest.fixture
def client() -> APIClient:
    # A process asks once whether trigrams are installed. Ask now, so that no test counts it.
    trigrams.is_known_to_be_installed(connection.alias)
    return client_of(make_user())


def statements_for(client: APIClient, path: str, status: int = 200) -> int:
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
    assert response.status_code == status, response.content
    return len(queries) - AUTHENTICATION


def fill(count: int) -> Category:
    shop = make_storefront()
    top = make_category(shop, "Lamps")
    shelf = make_category(shop, "Desk lamps", top)
    for number in range(count):
        make_product(shop, name=f"Desk lamp {number}", category=shelf, price=Decimal(number))
    return top


@pytest.mark.parametrize("count", [3, 30])
@pytest.mark.parametrize(
    ("query", "most"),
    [
        ("", 2),
        ("page_size=2", 2),
        ("page_size=2&page=2", 2),
        ("category={top}&price_min=0&price_max=500&in_stock=true", 1),
        ("page_size=2&category={top}&price_min=0&price_max=500&in_stock=true", 1),
        ("page_size=2&page=2&category={top}&ordering=-price", 1),
        ("page_size=2&category={top}&ordering=name", 2),
        ("page_size=2&price_min=0&price_max=500&in_stock=true", 2),
        ("page_size=2&ordering=-price&featured=false", 2),
        ("page_size=2&search=lamp", 1),
        ("page_size=2&search=lamp&category={top}&ordering=name", 1),
        ("page_size=2&search=lammp", 2),
        ("page_size=2&search=lammp&page=2", 2),
        ("search=nothing+at+all", 2),
    ],
)
def test_a_list_takes_at_most_two_statements_whatever_its_size(
    client: APIClient, count: int, query: str, most: int
) -> None:
    top = fill(count)
    # On SQLite no similar spelling is found, so there is no second page.
    found = "lammp" not in query or connection.vendor == "postgresql"
    status = 200 if found or "page=2" not in query else 404

    taken = statements_for(client, f"/api/products/?{query.format(top=top.pk)}", status)

    assert taken <= most


@pytest.mark.parametrize("levels", [1, 8])
def test_a_product_takes_one_statement_however_deep_it_stands(
    client: APIClient, levels: int
) -> None:
    shop = make_storefront()
    shelf = None
    for level in range(levels):
        shelf = make_category(shop, f"Level {level}", shelf)
    product = make_product(shop, category=shelf)

    assert statements_for(client, f"/api/products/{product.pk}/") == 1


@pytest.mark.parametrize("count", [2, 40])
def test_the_categories_take_one_statement(client: APIClient, count: int) -> None:
    shop = make_storefront()
    for number in range(count):
        make_product(shop, category=make_category(shop, f"Shelf {number}"))

    assert statements_for(client, "/api/categories/") == 1


# --- What keeps it fast -----------------------------------------------------------------------


def test_a_sale_writes_no_index() -> None:
    """An index that contains `stock` would make each checkout write every index."""
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, Product._meta.db_table)

    indexes = [found for found in constraints.values() if found["index"]]
    assert len(indexes) >= 5
    assert not any("stock" in found["columns"] for found in indexes)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL's plan")
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("ordering", ORDERINGS)
def test_each_order_of_the_list_comes_from_an_index(ordering: str, sign: str) -> None:
    fill(30)
    request = RequestFactory().get(f"/api/products/?in_stock=true&ordering={sign}{ordering}")
    products = narrowed(request).products
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_product")
        # With so few products, PostgreSQL would otherwise scan the table.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")

    plan = products.values("pk")[:5].explain()

    assert "Sort" not in plan


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL prepares")
@pytest.mark.parametrize(
    ("query", "is_prepared"),
    [
        ("", True),
        ("page_size=2", True),
        ("in_stock=true&ordering=-price", True),
        ("search=lamp", True),
        ("category={top}", False),
        ("page_size=2&price_min=1&ordering=name", False),
        ("price_max=10&in_stock=true", False),
        ("search=lamp&category={top}", False),
    ],
)
def test_a_list_is_planned_for_values_that_may_match_many_products_or_few(
    client: APIClient, query: str, is_prepared: bool
) -> None:
    top = fill(5)
    for _ in range(7):  # a connection prepares what it sends for the sixth time
        client.get(f"/api/products/?{query.format(top=top.pk)}")

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        prepared = [statement for (statement,) in cursor.fetchall()]

    of_lists = [text for text in prepared if "product.featured" in text]
    assert bool(of_lists) == is_prepared
