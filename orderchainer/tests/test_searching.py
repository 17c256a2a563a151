"""Every search finds words in any case, in every script."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.tests.factories import client_of, make_user
from catalog.tests.factories import make_category, make_product, make_storefront
from orders.tests.factories import make_order

pytestmark = pytest.mark.django_db

TYPED = ["ärztekoffer", "ÄRZTEKOFFER", "Ärztekoffer", "zteKOFF"]


@pytest.fixture
def owner() -> User:
    return make_user(first_name="Ärztekoffer", is_staff=True, is_superuser=True)


@pytest.fixture
def shop(owner: User) -> Project:
    shop = make_storefront(owner)
    category = make_category(shop, name="Ärztekoffer")
    make_product(shop, name="Ärztekoffer", category=category)
    make_product(shop, name="Arztkoffer")
    return shop


@pytest.mark.parametrize("typed", TYPED)
def test_customers_find_products(shop: Project, typed: str) -> None:
    found = APIClient().get("/api/products/", {"search": typed}).json()

    assert [row["name"] for row in found["results"]] == ["Ärztekoffer"]


@pytest.mark.parametrize("typed", TYPED)
def test_merchants_find_products(owner: User, shop: Project, typed: str) -> None:
    path = f"/api/v1/products/{shop.uuid}"

    found = client_of(owner).get(path, {"search": typed}).json()

    assert [row["name"] for row in found] == ["Ärztekoffer"]


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("field", ["title", "description"])
def test_owners_find_orders(owner: User, typed: str, field: str) -> None:
    order = make_order(owner, **{field: "Ein Ärztekoffer"})
    make_order(owner, **{field: "Ein Arztkoffer"})

    found = client_of(owner).get("/api/orders/", {"search": typed}).json()

    assert [row["id"] for row in found] == [order.pk]


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize(
    "page", ["accounts/user", "catalog/product", "catalog/category", "orders/order"]
)
def test_staff_find_rows(owner: User, shop: Project, page: str, typed: str) -> None:
    make_order(owner, title="Ärztekoffer")
    make_order(owner, title="Arztkoffer")
    client = Client()
    client.force_login(owner)

    response = client.get(f"/admin/{page}/", {"q": typed})

    assert response.context["cl"].result_count == 1
