"""How many statements `/api/cart/` takes, whatever the cart holds."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Project, User
from cart.models import Cart, CartItem
from cart.tests.factories import make_cart
from catalog.models import Product
from catalog.tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db

SIZES = (1, 50)


Fill = Callable[[int], list[Product]]


@pytest.fixture
def fill(ada: User, shop: Project) -> Fill:
    """Return a function that fills the cart with `count` products, each in another category."""
    products: list[Product] = []

    def fill(size: int) -> list[Product]:
        while len(products) < size:
            category = make_category(shop, f"Shelf {len(products)}")
            products.append(make_product(shop, category=category))
        CartItem.objects.all().delete()
        make_cart(ada, dict.fromkeys(products[:size], 1))
        return products[:size]

    return fill


def words_of(queries: CaptureQueriesContext) -> list[str]:
    """Return the first word of each statement, without those of the transaction."""
    words = [query["sql"].split()[0] for query in queries]
    return [word for word in words if word not in {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"}]


@pytest.mark.parametrize("size", SIZES)
def test_reading_takes_two_statements(client: APIClient, fill: Fill, size: int) -> None:
    fill(size)

    with CaptureQueriesContext(connection) as queries:
        body = client.get("/api/cart/").json()

    assert len(body["items"]) == size
    assert words_of(queries) == ["SELECT", "SELECT"]  # the session, the cart


@pytest.mark.parametrize("size", SIZES)
def test_adding_takes_four_statements(
    client: APIClient, shop: Project, fill: Fill, size: int
) -> None:
    held = fill(size)
    for product, last in ((make_product(shop), "INSERT"), (held[0], "UPDATE")):
        with CaptureQueriesContext(connection) as queries:
            response = client.post("/api/cart/items/", {"product_id": product.pk})

        assert response.status_code == 201
        assert words_of(queries) == [
            "SELECT",  # the session
            "INSERT",  # the cart, held or made
            "SELECT",  # what is in it, and the product
            last,
        ]


def test_adding_the_first_item_takes_four_statements_too(client: APIClient, lamp: Product) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.post("/api/cart/items/", {"product_id": lamp.pk})

    assert Cart.objects.count() == 1
    assert words_of(queries) == ["SELECT", "INSERT", "SELECT", "INSERT"]


@pytest.mark.parametrize("size", SIZES)
def test_changing_and_removing_take_four_statements_and_emptying_three(
    client: APIClient, fill: Fill, size: int
) -> None:
    fill(size)
    item = client.get("/api/cart/").json()["items"][0]["id"]

    with CaptureQueriesContext(connection) as changing:
        client.patch(f"/api/cart/items/{item}/", {"quantity": 2})
    with CaptureQueriesContext(connection) as removing:
        client.delete(f"/api/cart/items/{item}/")
    with CaptureQueriesContext(connection) as emptying:
        client.delete("/api/cart/")

    assert words_of(changing) == ["SELECT", "UPDATE", "SELECT", "UPDATE"]
    assert words_of(removing) == ["SELECT", "UPDATE", "SELECT", "DELETE"]
    assert words_of(emptying) == ["SELECT", "UPDATE", "DELETE"]
