"""Prices and currencies of products, from the project's currency to what customers see."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Project, User
from accounts.tests.factories import client_of, make_user
from catalog.models import Product
from catalog.services import export_products, import_products, preview_import
from catalog.tests.factories import make_product, make_storefront

pytestmark = pytest.mark.django_db


@pytest.fixture
def merchant() -> User:
    return make_user()


@pytest.fixture
def shop(merchant: User) -> Project:
    return make_storefront(merchant, currency="KWD")


@pytest.fixture
def client(merchant: User) -> APIClient:
    return client_of(merchant)


def create(client: APIClient, shop: Project, **fields: Any) -> Any:
    body = {"sku": "LAMP", "name": "Lamp", "price": "1.5", **fields}
    return client.post(f"/api/v1/products/{shop.uuid}", body, format="json")


def test_a_new_product_begins_with_its_projects_currency(client: APIClient, shop: Project) -> None:
    response = create(client, shop)

    body = response.json()
    assert response.status_code == 201
    assert (body["price"], body["currency"]) == ("1.500", "KWD")
    (listed,) = client.get("/api/products/").json()["results"]
    assert (listed["price"], listed["currency"]) == ("1.500", "KWD")
    shown = client.get(f"/api/products/{listed['id']}/").json()
    assert (shown["price"], shown["currency"]) == ("1.500", "KWD")
    path = f"/api/v1/products/{shop.uuid}/{body['id']}"
    assert client.patch(path, body, format="json").json() == body


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (
            {"currency": "JPY", "price": "100.50"},
            {"price": ["Amounts in JPY have no decimals, such as 100."]},
        ),
        (
            {"currency": "ABC"},
            {"currency": ["ISO 4217 has no currency ABC. Use a code such as USD, EUR or JPY."]},
        ),
        ({"price": "1e2"}, {"price": ["Must be an amount in digits, such as 1299.00."]}),
        ({"price": True}, {"price": ["Must be an amount in digits, such as 1299.00."]}),
        ({"price": 1e300}, {"price": ["Must be an amount in digits, such as 1299.00."]}),
        ({"price": None}, {"price": ["This field may not be null."]}),
    ],
)  # fmt: skip
def test_a_malformed_price_is_refused(
    client: APIClient, shop: Project, fields: dict[str, Any], errors: dict[str, Any]
) -> None:
    response = create(client, shop, **fields)

    assert (response.status_code, response.json()["errors"]) == (422, errors)
    assert not Product.objects.exists()


def test_a_new_currency_needs_a_price_that_fits(client: APIClient, shop: Project) -> None:
    product = make_product(shop, price=Decimal("1.255"))
    path = f"/api/v1/products/{shop.uuid}/{product.uuid}"

    refused = client.patch(path, {"currency": "USD"}, format="json")
    accepted = client.patch(path, {"currency": "USD", "price": 1.25}, format="json")

    words = "Amounts in USD have at most two decimals, such as 100.50."
    assert (refused.status_code, refused.json()["errors"]) == (
        422,
        {"currency": [f"The price does not fit: {words} Send both."]},
    )
    assert (accepted.status_code, accepted.json()["price"]) == (200, "1.25")


def test_an_import_takes_the_projects_currency_and_writes_it(shop: Project) -> None:
    import_products(project=shop, content=b"sku,name,price\nA,Lamp,1.5\nB,Vase,2.125\n")

    text = "".join(export_products(shop, Product.objects.all()))

    assert '"A","Lamp","","1.500","KWD"' in text
    assert '"B","Vase","","2.125","KWD"' in text
    report = preview_import(project=shop, content=text.encode())
    assert report.count("unchanged") == 2


@pytest.mark.parametrize(
    ("cells", "errors"),
    [
        ("JPY,100.50", {"price": ["Amounts in JPY have no decimals, such as 100."]}),
        # Some people write a thousand like this, so it may be one dollar or a thousand.
        ("USD,1.000", {"price": ["Amounts in USD have at most two decimals, such as 100.50."]}),
        ("ABC,1",
         {"currency": ["ISO 4217 has no currency ABC. Use a code such as USD, EUR or JPY."]}),
    ],
)  # fmt: skip
def test_an_import_refuses_a_malformed_price(
    shop: Project, cells: str, errors: dict[str, Any]
) -> None:
    content = f"sku,name,currency,price\nA,Lamp,{cells}\n".encode()

    (row,) = preview_import(project=shop, content=content).rows

    assert row.errors == errors


def test_a_price_without_decimals_is_written_with_two(client: APIClient, shop: Project) -> None:
    body = create(client, shop, currency="JPY", price="1200.00").json()

    assert body["price"] == "1200.00"


def test_a_code_that_iso_4217_withdrew_can_be_sent_back(client: APIClient, shop: Project) -> None:
    product = make_product(shop)
    Product.objects.update(currency="XYZ")
    path = f"/api/v1/products/{shop.uuid}/{product.uuid}"
    body = client.get(path).json()

    response = client.patch(path, {**body, "name": "Old lamp"}, format="json")

    assert response.status_code == 200
    assert (response.json()["price"], response.json()["currency"]) == ("19.99", "XYZ")
