"""`/api/cart/`: what a cart shows, also of products that changed since they were picked."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Project, User
from cart.api.shop.serializers import CartOutput
from cart.models import Cart
from cart.tests.api.carts import NO_LONGER_SOLD, empty, set_product, unsold
from cart.tests.factories import make_cart
from catalog.models import Product
from catalog.tests.factories import make_category, make_product

pytestmark = pytest.mark.django_db


# --- reading ----------------------------------------------------------------------------------


def test_a_cart_that_was_never_filled_is_empty_and_has_no_row(ada: User, client: APIClient) -> None:
    response = client.get("/api/cart/")

    assert (response.status_code, response.json()) == (200, empty(ada))
    assert not Cart.objects.exists()


def test_the_cart_keeps_its_id_when_it_is_filled(
    ada: User, client: APIClient, lamp: Product
) -> None:
    before = client.get("/api/cart/").json()["id"]

    client.post("/api/cart/items/", {"product_id": lamp.pk})

    assert client.get("/api/cart/").json()["id"] == before == ada.pk


def test_a_cart_shows_its_items_with_todays_prices(
    ada: User, client: APIClient, shop: Project
) -> None:
    shade = make_product(
        shop, name="Shade", price=Decimal("0.10"), category=make_category(shop, "Parts")
    )
    lamp = make_product(shop, name="Lamp", price=Decimal("19.99"), stock=5)
    cart = make_cart(ada, {shade: 3, lamp: 2})
    set_product(lamp, price=Decimal("24.99"))

    body = client.get("/api/cart/").json()

    assert body == {
        "id": ada.pk,
        "items": [
            {
                "id": cart.lines[0].item_id,
                "product": {
                    "id": shade.pk,
                    "name": "Shade",
                    "price": "0.10",
                    "category_name": "Parts",
                    "image": "",
                    "currency": "USD",
                },
                "quantity": 3,
                "total_price": "0.30",
                "available": 10,
                "is_available": True,
            },
            {
                "id": cart.lines[1].item_id,
                "product": {
                    "id": lamp.pk,
                    "name": "Lamp",
                    "price": "24.99",
                    "category_name": "",
                    "image": "",
                    "currency": "USD",
                },
                "quantity": 2,
                "total_price": "49.98",
                "available": 5,
                "is_available": True,
            },
        ],
        "total_price": "50.28",
        "total_items": 5,
        "currency": "USD",
    }


def test_the_picture_of_a_product_has_an_absolute_url(
    ada: User, client: APIClient, lamp: Product
) -> None:
    set_product(lamp, image="products/0f.jpg")
    make_cart(ada, {lamp: 1})

    (item,) = client.get("/api/cart/").json()["items"]

    assert item["product"]["image"] == "http://localhost:8000/media/products/0f.jpg"


def test_totals_are_exact(ada: User, client: APIClient, shop: Project) -> None:
    dear = make_product(shop, price=Decimal("9999999999.99"))
    cheap = make_product(shop, price=Decimal("0.01"))
    make_cart(ada, {dear: 999, cheap: 1})

    body = client.get("/api/cart/").json()

    assert body["items"][0]["total_price"] == "9989999999990.01"
    assert body["total_price"] == "9989999999990.02"


def test_the_schema_names_the_fields_that_are_answered(
    ada: User, client: APIClient, lamp: Product
) -> None:
    make_cart(ada, {lamp: 1})

    body = client.get("/api/cart/").json()

    schema = CartOutput()
    item: Any = schema.fields["items"]
    assert list(body) == list(schema.fields)
    assert list(body["items"][0]) == list(item.child.fields)
    assert list(body["items"][0]["product"]) == list(item.child.fields["product"].fields)


# --- what changed since it was picked ---------------------------------------------------------


@pytest.mark.parametrize(
    ("stock", "available", "is_available"), [(3, 3, True), (2, 2, False), (0, 0, False)]
)
def test_an_item_tells_what_is_available(
    ada: User,
    client: APIClient,
    lamp: Product,
    stock: int,
    available: int,
    is_available: bool,
) -> None:
    make_cart(ada, {lamp: 3})
    set_product(lamp, stock=stock)

    (item,) = client.get("/api/cart/").json()["items"]

    assert (item["available"], item["is_available"]) == (available, is_available)


@pytest.mark.parametrize("change", NO_LONGER_SOLD)
def test_a_product_that_is_no_longer_sold_stays_but_does_not_count(
    ada: User, client: APIClient, lamp: Product, change: Any
) -> None:
    make_cart(ada, {lamp: 2})
    change(lamp)

    body = client.get("/api/cart/").json()

    (item,) = body["items"]
    assert (item["quantity"], item["total_price"]) == (2, "39.98")
    assert (item["available"], item["is_available"]) == (0, False)
    assert (body["total_price"], body["total_items"]) == ("0.00", 0)
    assert body["currency"] == ""


def test_a_product_that_is_no_longer_sold_does_not_decide_the_currency(
    ada: User, client: APIClient, shop: Project, lamp: Product
) -> None:
    shade = make_product(shop, price=Decimal("5.00"), currency="EUR")
    make_cart(ada, {lamp: 2})
    unsold(lamp)

    response = client.post("/api/cart/items/", {"product_id": shade.pk, "quantity": 3})

    body = response.json()
    assert response.status_code == 201
    assert (body["currency"], body["total_price"]) == ("EUR", "15.00")
    assert body["total_items"] == 3
    assert [item["is_available"] for item in body["items"]] == [False, True]


def test_a_product_with_a_new_currency_does_not_count(
    ada: User, client: APIClient, shop: Project, lamp: Product
) -> None:
    shade = make_product(shop, price=Decimal("5.00"))
    make_cart(ada, {lamp: 1, shade: 2})
    set_product(shade, currency="EUR")

    body = client.get("/api/cart/").json()

    foreign = body["items"][1]
    assert foreign["product"]["currency"] == "EUR"
    assert (foreign["total_price"], foreign["available"]) == ("10.00", 0)
    assert (body["total_price"], body["currency"]) == ("19.99", "USD")
    assert body["total_items"] == 1


def test_a_product_that_is_deleted_takes_its_items_along(
    ada: User, client: APIClient, shop: Project, lamp: Product
) -> None:
    rare = make_product(shop, stock=0)
    make_cart(ada, {rare: 1, lamp: 1})

    rare.delete()

    assert [item["product"]["id"] for item in client.get("/api/cart/").json()["items"]] == [lamp.pk]
